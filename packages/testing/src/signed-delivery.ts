import { type EnvelopePart, type EventInput, type Provider, type Secret, signBody } from '@hookproof/core';
import { checkNames } from '@hookproof/core/strict';

/** An event of a type that the provider declares, as handlers see it; the provider's envelope is put around it. */
export type TypedEvent<P extends Provider> = EventInput<P> & {
  /** The provider's id of the event; a random one by default. */
  readonly id?: string | undefined;
  /** When it happened, ISO 8601; now by default, null for none. */
  readonly timestamp?: string | null | undefined;
  /** Further fields of the envelope, such as Gravv's `event_group_id`. */
  readonly envelope?: Readonly<Record<string, unknown>> | undefined;
};

/** A body of any kind: an object is written as compact JSON, text and bytes are sent as they are. */
export interface RawEvent {
  readonly body: object | string | Uint8Array;
  /** Headers besides the signature. They win over those that are made. */
  readonly headers?: Readonly<Record<string, string>> | undefined;
}

/** Bytes that `fetch` takes: since TypeScript 5.7 a `Uint8Array<ArrayBuffer>`, which older ones cannot name. */
type Bytes = ReturnType<typeof Uint8Array.of>;

/** Options of {@link signedDelivery}. */
export interface SignedDeliveryOptions {
  readonly secret: Secret;
  /** When the delivery is signed, in milliseconds since 1970; now by default. */
  readonly at?: number | undefined;
  /** The id that is signed, where the scheme signs one; the event's, or a random one, by default. */
  readonly id?: string | undefined;
  /** The delivery id, where the provider sends one; a random one by default. */
  readonly deliveryId?: string | undefined;
  /** Where `request` goes; `http://localhost/webhooks/<provider>` by default. */
  readonly url?: string | URL | undefined;
}

/** What the provider would send. */
export interface SignedDelivery {
  readonly method: 'POST';
  readonly headers: Readonly<Record<string, string>>;
  /** The raw bytes. */
  readonly body: Bytes;
  /**
   * The same bytes as text, for tools that write bytes as JSON: `send()` of supertest, `inject()` of Fastify. It throws a
   * TypeError for a body that is not UTF-8.
   */
  readonly text: string;
  /** The same as a `Request`; every access makes a new one, because a body can be read once. */
  readonly request: Request;
}

/**
 * Signs an event as its provider would send it, with each of the provider's schemes.
 *
 * @throws WebhookError `invalid_options` for a secret that the provider could not have, or a name that is not an option
 *
 * @example
 * ```ts
 * import { createReceiver, grantiva } from '@hookproof/core';
 * import { signedDelivery } from '@hookproof/testing';
 *
 * const secret = 'whsec_for_tests';
 * const receiver = createReceiver({ provider: grantiva(), secret, on: { 'device.new': () => {} } });
 * const { request } = await signedDelivery(
 *   grantiva(),
 *   { type: 'device.new', data: { device_id: 'device-1' } },
 *   { secret },
 * );
 * console.log((await receiver.fetch(request)).status); // 200
 * ```
 */
export async function signedDelivery<const P extends Provider>(
  provider: P,
  event: TypedEvent<P> | RawEvent,
  given: SignedDeliveryOptions,
): Promise<SignedDelivery> {
  const options = checkNames<SignedDeliveryOptions>('signedDelivery', given, {
    secret: true,
    at: true,
    id: true,
    deliveryId: true,
    url: true,
  });
  const at = options.at ?? Date.now();
  const { body, headers: made, given: brought, id } = unsignedDelivery(provider, event, { ...options, at });
  const headers = {
    ...made,
    ...(await signBody(provider, { body, secret: options.secret, id, timestamp: Math.floor(at / 1000) })),
    ...brought,
  };
  const url = options.url ?? `http://localhost/webhooks/${provider.name}`;
  return {
    method: 'POST',
    headers,
    body,
    get text() {
      return decoder.decode(body);
    },
    get request() {
      return new Request(url, { method: 'POST', headers, body });
    },
  };
}

/** Nothing may be lost: a byte order mark is signed too. */
const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/** A delivery before it is signed. */
export interface UnsignedDelivery {
  readonly body: Bytes;
  /** The headers that are made, besides the signature. */
  readonly headers: Readonly<Record<string, string>>;
  /** The headers that the event brings. They win. */
  readonly given: Readonly<Record<string, string>>;
  /** The id to sign, where the scheme signs one. */
  readonly id: string;
}

/** Puts the envelope around an event, and makes the headers that are not signed. */
export function unsignedDelivery<P extends Provider>(
  provider: P,
  event: TypedEvent<P> | RawEvent,
  options: { readonly at: number } & Pick<SignedDeliveryOptions, 'id' | 'deliveryId'>,
): UnsignedDelivery {
  const written = 'body' in event ? event : eventOf(provider, event, options);
  return {
    body: toBytes(written.body),
    headers: {
      'content-type': 'application/json',
      ...unsignedHeaders(provider, written.body, options.deliveryId ?? random()),
      ...('body' in event ? {} : written.headers),
    },
    given: ('body' in event ? event.headers : undefined) ?? {},
    id: options.id ?? ('id' in event ? event.id : undefined) ?? `msg_${random()}`,
  };
}

function eventOf(
  provider: Provider,
  event: TypedEvent<Provider>,
  { at, deliveryId }: { readonly at: number } & Pick<SignedDeliveryOptions, 'deliveryId'>,
): RawEvent {
  const { id, timestamp } = provider.envelope;
  // One header may be both.
  const isDeliveryId = typeof id === 'object' && id.header === provider.headers.deliveryId;
  return writtenEvent(
    provider,
    {
      id: event.id ?? (isDeliveryId ? deliveryId : undefined) ?? `evt_${random()}`,
      type: event.type,
      timestamp:
        event.timestamp === undefined && timestamp !== undefined ? new Date(at).toISOString() : event.timestamp,
      data: event.data,
    },
    event.envelope,
  );
}

/** What an event is made of; undefined and null are left out. */
type EventParts = { readonly [Part in 'id' | 'type' | 'timestamp' | 'data']?: unknown };

/** Writes the parts of an event where its provider has them: in the body and in headers. */
export function writtenEvent(provider: Provider, parts: EventParts, rest: object = {}): RawEvent {
  const body: Record<string, unknown> = { ...rest };
  const headers: Record<string, string> = {};
  if (provider.envelope.data === undefined) Object.assign(body, parts.data);
  const values = new Map<string, unknown>(Object.entries(parts));
  for (const [name, part] of Object.entries<EnvelopePart | undefined>({ ...provider.envelope })) {
    const value = values.get(name);
    if (part === undefined || value === undefined || value === null) continue;
    if (typeof part === 'string') body[part] = value;
    else headers[part.header] = String(value);
  }
  return { body, headers };
}

function unsignedHeaders(provider: Provider, body: RawEvent['body'], deliveryId: string): Record<string, string> {
  const headers: Record<string, string> = {};
  if (provider.headers.deliveryId !== undefined) headers[provider.headers.deliveryId] = deliveryId;
  const fields = typeof body === 'string' || isBytes(body) ? [] : Object.entries(body);
  const type = fields.find(([field]) => field === provider.envelope.type)?.[1];
  if (provider.headers.type !== undefined && typeof type === 'string') headers[provider.headers.type] = type;
  return headers;
}

function toBytes(body: RawEvent['body']): Bytes {
  if (isBytes(body)) return Uint8Array.from(body);
  return new TextEncoder().encode(typeof body === 'string' ? body : JSON.stringify(body));
}

/** Bytes of another realm, such as a test runner's sandbox, fail `instanceof`. */
function isBytes(body: RawEvent['body']): body is Uint8Array {
  return ArrayBuffer.isView(body);
}

function random(): string {
  return crypto.randomUUID();
}
