import { core } from 'zod';
import type { DeliveryHeaders } from '../bytes/headers.ts';
import { WebhookError } from '../error.ts';
import type { EventOf, JsonObject, WebhookEvent } from './event.ts';
import type { BareEvent, EventFormat } from './format.ts';
import { describeError } from './schema-error.ts';

const maxTypeLength = 256;

/**
 * Reads a proven body as an event whose `data` is not checked yet. `signedId` is the id that the signature covers, where
 * the scheme has one.
 */
export function readEnvelope(
  provider: EventFormat,
  body: Uint8Array,
  headers: DeliveryHeaders,
  signedId: string | undefined,
): WebhookEvent {
  const envelope = parse(body);
  const fields = provider.envelope;
  const id = fields.id === undefined ? signedId : readId(provider, fields.id, envelope[fields.id]);
  const found = findEvent(provider, envelope, headers);
  const timestamp = readTimestamp(found.timestamp);
  return { provider: provider.name, id, type: found.type, timestamp, data: found.data, envelope };
}

/** Checks an event's `data` by the schema of its type; data of an unknown type stays as it came. */
export function checkData<P extends EventFormat>(provider: P, event: WebhookEvent): EventOf<P> {
  // The one place where types meet what was checked: `data` comes out of the schema that belongs to `type`.
  return { ...event, data: readData(provider, event) } as EventOf<P>;
}

function readData(provider: EventFormat, { type, data }: WebhookEvent): unknown {
  const schema = provider.schemaFor(type);
  if (schema === undefined) return data;
  const result = core.safeParse(schema, data);
  if (result.success) return result.data;
  throw notAnEvent(
    provider,
    `${JSON.stringify(type)} does not fit its schema (${describeError(schema, result.error)})`,
  );
}

function readId(provider: EventFormat, field: string, id: unknown): string | undefined {
  if (id === undefined || id === null || id === '') return undefined;
  if (typeof id === 'string') return id;
  // Beyond the safe integers JSON.parse rounds, and two events would share an id.
  if (typeof id === 'number') return Number.isSafeInteger(id) ? String(id) : undefined;
  throw notAnEvent(provider, `"${field}" is neither a string nor a number`);
}

function findEvent(provider: EventFormat, envelope: JsonObject, headers: DeliveryHeaders): BareEvent {
  const fields = provider.envelope;
  const type = envelope[fields.type];
  const found =
    type === undefined || type === null
      ? provider.bare?.(envelope, headers)
      : { type, timestamp: fields.timestamp && envelope[fields.timestamp], data: envelope[fields.data] };
  if (found === undefined) throw notAnEvent(provider, `"${fields.type}" is missing`);
  if (typeof found.type !== 'string' || found.type === '' || found.type.length > maxTypeLength) {
    throw notAnEvent(provider, `"${fields.type}" is not a string of 1 to ${maxTypeLength} characters`);
  }
  return { ...found, type: found.type };
}

const decoder = new TextDecoder('utf-8', { fatal: true });

/** Parses UTF-8 JSON; a leading byte order mark is allowed. */
function parse(body: Uint8Array): JsonObject {
  const value = parseJson(decode(body));
  if (isJsonObject(value)) return value;
  throw new WebhookError('invalid_event', 'The body is genuine JSON, but not an object.', notAnEventFix);
}

function decode(body: Uint8Array): string {
  try {
    return decoder.decode(body);
  } catch {
    throw new WebhookError('invalid_body', 'The body is genuine, but not UTF-8.', invalidBodyFix);
  }
}

function parseJson(text: string): unknown {
  try {
    return mayHoldProto(text) ? JSON.parse(text, dropProto) : JSON.parse(text);
  } catch {
    // The error is not passed on as a cause: JSON.parse quotes the body in its message.
    throw new WebhookError('invalid_body', 'The body is genuine, but not JSON.', invalidBodyFix);
  }
}

function isJsonObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

// A key `__proto__` is dropped: a handler that copies the object would change the copy's prototype with it.
// Escaped or not: every letter of the name is below U+0080.
// Plain text is searched first: that is seven times as fast as the pattern alone.
function mayHoldProto(text: string): boolean {
  return text.includes('__proto__') || (text.includes('\\u00') && /\\u00[5-7]/.test(text));
}

function dropProto(key: string, value: unknown): unknown {
  return key === '__proto__' ? undefined : value;
}

/**
 * Reads ISO 8601 with any number of fraction digits (Gravv sends nanoseconds), or seconds or milliseconds since 1970.
 * A time without a zone is taken as UTC. Anything else is no timestamp, and never a reason to refuse an event.
 */
export function readTimestamp(value: unknown): Date | undefined {
  let time = Number.NaN;
  if (typeof value === 'number') time = Math.abs(value) < 1e11 ? value * 1000 : value;
  else if (typeof value === 'string') {
    const iso = /^(\d{4}-\d\d-\d\d)[Tt ](\d\d:\d\d(?::\d\d)?)(?:[.,](\d+))?\s?([Zz]|[+-]\d\d:?\d\d)?$/.exec(value);
    if (iso !== null) {
      const [, day, clock = '', fraction = '', zone = 'Z'] = iso;
      const offset = zone.length === 5 ? `${zone.slice(0, 3)}:${zone.slice(3)}` : zone.toUpperCase();
      time = Date.parse(
        `${day}T${clock.length === 5 ? `${clock}:00` : clock}.${fraction.slice(0, 3).padEnd(3, '0')}${offset}`,
      );
    } else if (/^\d{9,13}$/.test(value)) return readTimestamp(Number(value));
  }
  const date = new Date(time);
  return Number.isNaN(date.getTime()) ? undefined : date;
}

function notAnEvent(provider: EventFormat, what: string): WebhookError {
  return new WebhookError(
    'invalid_event',
    `The body is genuine JSON, but no event of ${provider.name}: ${what}.`,
    notAnEventFix,
  );
}

// The signature fits, so the sender is who it should be: what it sends is not what was expected of it.
const invalidBodyFix = { fix: 'Does the endpoint send another format than JSON? Choose JSON at the provider.' };
const notAnEventFix = {
  fix: 'Is the receiver for another provider than the secret? Otherwise the provider has changed: handle the body by hand with verifySignature, and report it.',
};
