import { encode } from '../bytes/encoding.ts';
import { WebhookError } from '../error.ts';
import { cryptography } from '../proof/crypto.ts';
import { type Awaitable, goOn, isThenable } from '../timing/awaitable.ts';
import { inTime } from '../timing/in-time.ts';
import type { WebhookEvent } from './event.ts';
import type { EnvelopeFields, EventFormat, KeyFacts } from './format.ts';
import { unsignedIds } from './unsigned-ids.ts';

const maxKeyLength = 256;

/**
 * What makes two deliveries the same event, bounded in length; undefined where nothing tells.
 *
 * @throws WebhookError `handler_timeout` where the provider's key function takes longer than `timeoutMs` milliseconds
 */
export function readKey(
  format: EventFormat,
  event: WebhookEvent,
  { body, deliveryId }: { readonly body: Uint8Array; readonly deliveryId: string | undefined },
  timeoutMs: number,
): Awaitable<string | undefined> {
  // The default needs nothing but the event.
  if (format.key === defaultKey && event.id !== undefined) return bounded(event.id);
  const found = format.key({ event, deliveryId, bodyHash: () => cryptography.sha256Hex(body) });
  if (!isThenable(found)) return bounded(found);
  const timeoutError = () =>
    new WebhookError('handler_timeout', `The key of ${format.name} took longer than ${timeoutMs} ms.`);
  return inTime(found, timeoutMs, timeoutError).then(bounded);
}

/** The key of a provider that names none: the event's id, else the hash of a body that carries a timestamp. */
function defaultKey({ event, bodyHash }: KeyFacts): Awaitable<string | undefined> {
  return event.id ?? (event.timestamp && bodyHash());
}

/** What the key of a provider that names none is made of, by where its ids and times stand: headers are not signed. */
export function keyFrom({ id, timestamp }: EnvelopeFields): EventFormat['key'] {
  if (typeof id === 'object') return unsignedKey(({ event }) => event.id, typeof timestamp !== 'object');
  return typeof timestamp === 'object' ? ({ event }) => event.id : defaultKey;
}

/**
 * Makes the key of a provider whose ids are not signed: the hash of a body that carries a timestamp; without one two genuine
 * events can be the same to the byte, and the hash together with the id tells them apart.
 */
export function unsignedKey(idOf: UnsignedId, isTimed = true): EventFormat['key'] {
  const byId = countedKey(idOf, (bodyHash, id) => `${bodyHash}:${id}`);
  return (facts) => (isTimed && facts.event.timestamp !== undefined ? facts.bodyHash() : byId(facts));
}

/** Makes the key of an id that is not signed, of which so many count for one body; undefined where there is none. */
export function countedKey(idOf: UnsignedId, keyOf: (bodyHash: string, id: string) => string): EventFormat['key'] {
  const countedAs = unsignedIds();
  return (facts) => {
    // Not longer than a store would keep it.
    const id = idOf(facts)?.slice(0, maxKeyLength);
    return id ? goOn(id, facts.bodyHash(), (sent, hash) => keyOf(hash, countedAs(hash, sent))) : undefined;
  };
}

type UnsignedId = (facts: KeyFacts) => string | undefined;

/**
 * A text of one owner's event that no other owner's has: owners may choose ids as they like, so that only what the receiver
 * knows of them tells them apart. Undefined stands for the only owner that there is.
 */
export function owned(owner: string | undefined, text: string): Awaitable<string> {
  if (owner === undefined) return text;
  // A fingerprint needs no escapes, and the ":" of a name has one: the first ":" ends it.
  return boundedKey(`${owner.startsWith('=') ? owner : encodeURIComponent(owner)}:${text}`);
}

/**
 * The key under which an inbox has an event that is known by its id, as a provider's delivery log may have it.
 *
 * @param owner whose event it is, as the inbox shows it; undefined where there is but one owner
 */
export async function storedKey(owner: string | undefined, id: string): Promise<string> {
  return owned(owner, await boundedKey(id));
}

function bounded(key: string | undefined): Awaitable<string | undefined> {
  return key === undefined || key === '' ? undefined : boundedKey(key);
}

/**
 * A text that came from outside, or its hash where it is longer than a store should index, or holds what some databases
 * refuse or change: NUL, and halves of surrogate pairs, which as UTF-8 would all be the same.
 */
export function boundedKey(key: string): Awaitable<string> {
  if (key.length <= maxKeyLength && !/[^\x20-\x7e]/.test(key)) return key;
  if (/\0|\p{Surrogate}/u.test(key)) return cryptography.sha256Hex(encode(JSON.stringify(key)));
  return key.length <= maxKeyLength ? key : cryptography.sha256Hex(encode(key));
}
