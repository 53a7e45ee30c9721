import { WebhookError } from '../error.ts';
import type { Delivery } from '../event/delivery.ts';
import { checkData, readEnvelope } from '../event/envelope.ts';
import type { EventOf, WebhookEvent } from '../event/event.ts';
import type { Facts } from '../event/facts.ts';
import { boundedKey, readKey } from '../event/key.ts';
import { sha256Hex } from '../proof/crypto.ts';
import type { Provider } from '../provider.ts';
import { inTime } from '../timing/in-time.ts';
import type { Accepted, Inbox, NewDelivery } from './inbox.ts';

/** Where a receiver stores what it proved. */
export interface Storage<P extends Provider> {
  readonly provider: P;
  readonly inbox: Inbox;
  readonly name: string;
  readonly lane: ((event: EventOf<P>) => string | undefined) | undefined;
  readonly handlersFor: (type: string) => readonly unknown[];
  readonly timeoutMs: number;
}

/**
 * Stores a proven delivery as it came, whatever event its JSON holds: the handlers' attempt reads it anew, so that what
 * does not fit becomes a dead letter and is not lost. What is no JSON is rejected as it is without an inbox.
 */
export async function acceptDelivery<P extends Provider>(
  storage: Storage<P>,
  delivery: Delivery,
  proof: { readonly id: string | undefined; readonly scope: string },
  facts: Facts,
): Promise<'ignored' | 'stored' | 'duplicate'> {
  const { provider, name, handlersFor } = storage;
  facts.event = orTrouble(facts, () => readEnvelope(provider, delivery.body, delivery.headers, proof.id));
  const type = facts.event?.type;
  if (type !== undefined && handlersFor(type).length === 0) return 'ignored';
  const { key, lane } = await placeOf(storage, facts.event, delivery, facts);
  facts.key = key;
  const { headers, body } = delivery;
  const stored = await store(storage, {
    name,
    key: key === undefined ? undefined : proof.scope + key,
    // For lists alone, where it must not be what a database refuses: the handlers' attempt reads it anew.
    type: type?.replaceAll('\0', '\ufffd'),
    lane,
    headers,
    body,
  });
  facts.inboxId = stored.id;
  return stored.isNew ? 'stored' : 'duplicate';
}

type Place = Pick<NewDelivery, 'key' | 'lane'>;

async function placeOf<P extends Provider>(
  { provider, lane }: Storage<P>,
  event: WebhookEvent | undefined,
  delivery: Delivery,
  facts: Facts,
): Promise<Place> {
  const checked = event && orTrouble(facts, () => checkData(provider, event));
  if (event !== undefined && checked !== undefined) {
    return { key: await readKey(provider, checked, delivery), lane: await laneOf(lane, checked, facts) };
  }
  try {
    if (event !== undefined) return { key: await readKey(provider, event, delivery), lane: undefined };
  } catch {
    // A provider's own key function may rely on data that is not there.
  }
  // A retry of it brings the same bytes, and the same delivery id where there is one.
  return { key: await boundedKey(`unreadable:${await sha256Hex(delivery.body)}${delivery.id ?? ''}`), lane: undefined };
}

async function laneOf<Event>(
  lane: ((event: Event) => string | undefined) | undefined,
  event: Event,
  facts: Facts,
): Promise<string | undefined> {
  try {
    const name: unknown = lane?.(event);
    if (name === undefined || name === null || name === '') return undefined;
    if (typeof name === 'string') return await boundedKey(name);
    // A promise is no text; should it reject, that must not end the process.
    if (name instanceof Promise) name.catch(() => undefined);
    throw new TypeError(`lane must return text or undefined, but returned a ${typeof name}`);
  } catch (cause) {
    // Out of order is better than not at all.
    facts.trouble = new WebhookError('handler_failed', 'The lane option failed: the event was stored without a lane.', {
      cause,
      fix: 'The cause of this error is what it threw.',
    });
    return undefined;
  }
}

/** Reads what may not fit; then the delivery is stored all the same, and the report says what is wrong with it. */
function orTrouble<T>(facts: Facts, read: () => T): T | undefined {
  try {
    return read();
  } catch (error) {
    if (!(error instanceof WebhookError) || error.code !== 'invalid_event') throw error;
    facts.trouble = error;
    return undefined;
  }
}

/** Stores a delivery, or throws `inbox_unavailable`: then nothing may be answered that sounds like success. */
async function store(
  { inbox, timeoutMs }: Pick<Storage<Provider>, 'inbox' | 'timeoutMs'>,
  delivery: NewDelivery,
): Promise<Accepted> {
  const late = () => new Error(`accept() took longer than timeoutMs (${timeoutMs} ms)`);
  try {
    return await inTime(inbox.accept(delivery), timeoutMs, late);
  } catch (cause) {
    throw new WebhookError('inbox_unavailable', 'The inbox could not store the delivery.', {
      cause,
      fix: 'The cause of this error is what it threw. The provider will try again.',
    });
  }
}
