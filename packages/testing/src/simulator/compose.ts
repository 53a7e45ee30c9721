import type { Provider } from '@hookproof/core';
import { invalid } from '@hookproof/core/strict';
import { sampleEvent, sampleTypes } from '../samples.ts';
import { type RawEvent, type UnsignedDelivery, unsignedDelivery } from '../signed-delivery.ts';
import { checkHeader } from './check.ts';
import type { DeliveryEntry, SimulatedDelivery } from './log.ts';
import type { SimulatedEvent } from './options.ts';

/** A delivery that can be signed, and what the log has of it. */
export interface Composed {
  readonly unsigned: UnsignedDelivery;
  readonly entry: DeliveryEntry;
}

/** Makes a delivery of an event; throws `invalid_options` for what cannot be sent. */
export function compose<P extends Provider>(
  provider: P,
  given: SimulatedEvent<P> | undefined,
  { url, at, id }: { readonly url: URL; readonly at: number; readonly id?: string | undefined },
): Composed {
  const deliveryId = id ?? crypto.randomUUID();
  const made = written(() => {
    const event = given === undefined || typeof given === 'string' ? sample(provider, given) : given;
    if (!('body' in event) && typeof event.type !== 'string') throw new TypeError('neither a type nor a body');
    return unsignedDelivery<P>(provider, event, { at, id, deliveryId });
  });
  const type = typeof given === 'string' ? given : typeOf(provider, made);
  const typeHeader = type === undefined ? {} : { [provider.headers.type ?? '']: type };
  const unsigned =
    provider.headers.type === undefined ? made : { ...made, headers: { ...typeHeader, ...made.headers } };
  for (const [name, value] of Object.entries({ ...unsigned.headers, ...unsigned.given }))
    checkHeader('event.headers', name, value);
  const signsId = provider.signature.some((scheme) => scheme.id !== undefined);
  if (signsId) checkHeader('event', 'id', made.id);
  const logId = header(unsigned, provider.headers.deliveryId) ?? (signsId ? made.id : deliveryId);
  return { unsigned, entry: { id: logId, type, url: url.href, state: 'pending', retries: 0, attempts: [] } };
}

/** What the log has of an event whose turn never came. */
export function neverSent<P extends Provider>(event: SimulatedEvent<P>, url: URL): SimulatedDelivery {
  const type = typeof event === 'string' ? event : 'type' in event ? event.type : undefined;
  return { id: crypto.randomUUID(), type, url: url.href, state: 'aborted', retries: 0, attempts: [] };
}

function sample(provider: Provider, given: string | undefined): RawEvent {
  const types = sampleTypes(provider);
  const type = given ?? types[0];
  if (type === undefined) throw invalid(`event must be given: there are no samples for ${provider.name}`);
  if (types.includes(type)) return sampleEvent(provider, type);
  const known = types.join(', ') || 'none';
  throw invalid(
    `event must be a type that there is a sample of, or an event of your own; there are samples of ${known}`,
  );
}

/** What JSON cannot hold, such as a circle, is the caller's mistake. */
function written(write: () => UnsignedDelivery): UnsignedDelivery {
  try {
    return write();
  } catch (error) {
    if (error instanceof TypeError) throw invalid('event must be an object with a type, or with a body of JSON');
    throw error;
  }
}

/** The type that the body or its header names. */
function typeOf({ envelope, headers }: Provider, delivery: UnsignedDelivery): string | undefined {
  const { type } = envelope;
  if (typeof type === 'object') return header(delivery, type.header);
  return fieldOf(delivery.body, type) ?? header(delivery, headers.type);
}

function fieldOf(body: Uint8Array, name: string): string | undefined {
  try {
    const parsed: unknown = JSON.parse(new TextDecoder().decode(body));
    if (typeof parsed !== 'object' || parsed === null) return undefined;
    const value = Object.entries(parsed).find(([field]) => field === name)?.[1];
    return typeof value === 'string' ? value : undefined;
  } catch {
    return undefined;
  }
}

/** A header of a delivery; those that the event brings win, in whatever case. */
function header({ headers, given }: UnsignedDelivery, name: string | undefined): string | undefined {
  const all = [...Object.entries(headers), ...Object.entries(given)];
  return all.findLast(([other]) => other.toLowerCase() === name)?.[1];
}
