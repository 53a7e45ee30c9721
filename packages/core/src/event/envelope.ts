import type { ArrivedHeaders, HeaderLookup } from '../bytes/headers.ts';
import { WebhookError } from '../error.ts';
import { printable } from '../printable.ts';
import { type EventOf, isJsonObject, type JsonObject, type WebhookEvent } from './event.ts';
import type { EnvelopePart, EventFormat } from './format.ts';
import { atOnce, isBuiltIn } from './schema.ts';
import { describeIssues } from './schema-error.ts';

const maxTypeLength = 256;

/** A delivery that was proven. */
export interface ProvenDelivery {
  readonly headers: ArrivedHeaders;
  readonly body: Uint8Array;
}

/**
 * Reads a proven body as an event whose `data` is not checked yet. `signedId` is the id that the signature covers, where
 * the scheme has one.
 */
export function readEnvelope(
  format: EventFormat,
  { headers, body }: ProvenDelivery,
  signedId: string | undefined,
): WebhookEvent {
  const envelope = parse(body);
  const fields = format.envelope;
  const id = fields.id === undefined ? signedId : readId(format, fields.id, partOf(fields.id, envelope, headers));
  let type = partOf(fields.type, envelope, headers);
  let data = fields.data === undefined ? envelope : envelope[fields.data];
  let timestamp = fields.timestamp === undefined ? undefined : partOf(fields.timestamp, envelope, headers);
  const hasType = type !== undefined && type !== null;
  if (!hasType || data === undefined) {
    const bare = format.bare?.(envelope, headers.all);
    if (bare !== undefined) ({ type, data, timestamp } = bare);
    else if (!hasType) throw notAnEvent(format, `${nameOf(fields.type)} is missing`);
  }
  if (typeof type !== 'string' || type === '' || type.length > maxTypeLength) {
    throw notAnEvent(format, `${nameOf(fields.type)} is not a string of 1 to ${maxTypeLength} characters`);
  }
  return { provider: format.name, id, type, timestamp: readTimestamp(timestamp), data, envelope };
}

function partOf(part: EnvelopePart, body: JsonObject, headers: HeaderLookup): unknown {
  return typeof part === 'string' ? body[part] : headers.get(part.header);
}

function nameOf(part: EnvelopePart): string {
  return typeof part === 'string' ? `"${part}"` : `the header ${part.header}`;
}

/** Checks an event's `data` by the schema of its type; data of an unknown type stays as it came. */
export function checkData<P extends EventFormat>(format: P, event: WebhookEvent): EventOf<P> {
  const { provider, id, type, timestamp, envelope } = event;
  // The one place where types meet what was checked: `data` comes out of the schema that belongs to `type`.
  return { provider, id, type, timestamp, data: readData(format, event), envelope } as EventOf<P>;
}

function readData(format: EventFormat, { type, data }: WebhookEvent): unknown {
  const schema = format.schemaFor(type);
  if (schema === undefined) return data;
  // What safeParse of zod does, but for its class of errors, which would be in every bundle.
  const result = atOnce(schema._zod.run({ value: data, issues: [] }, { async: false }));
  if (result.issues.length === 0) return result.value;
  throw notAnEvent(
    format,
    printable(`"${type}" does not fit its schema (${describeIssues(schema, data)})`),
    isBuiltIn(schema) ? notAnEventFix : ownSchemaFix,
  );
}

function readId(format: EventFormat, part: EnvelopePart, id: unknown): string | undefined {
  if (id === undefined || id === null || id === '') return undefined;
  if (typeof id === 'string') return id;
  // Beyond the safe integers JSON.parse rounds, and two events would share an id.
  if (typeof id === 'number') return Number.isSafeInteger(id) ? String(id) : undefined;
  throw notAnEvent(format, `${nameOf(part)} is neither a string nor a number`);
}

const decoder = new TextDecoder('utf-8', { fatal: true });

/** Parses UTF-8 JSON; a leading byte order mark is allowed. */
function parse(body: Uint8Array): JsonObject {
  const text = decode(body);
  const value = parseJson(text);
  if (!isJsonObject(value)) {
    throw new WebhookError('invalid_event', 'The body is genuine JSON, but not an object.', notAnEventFix);
  }
  if (mayReachPrototype(text)) dropPrototypes(value);
  return value;
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
    return JSON.parse(text);
  } catch {
    // The error is not passed on as a cause: JSON.parse quotes the body in its message.
    throw new WebhookError('invalid_body', 'The body is genuine, but not JSON.', invalidBodyFix);
  }
}

// Nearly every body is searched for two plain texts and no more: that is many times as fast as the patterns. Any letter of
// the names may be escaped: all are between U+0050 and U+007F.
function mayReachPrototype(text: string): boolean {
  return (
    (text.includes('proto') && /"(?:__proto__|prototype)"\s*:/.test(text)) ||
    (text.includes('\\u00') && /\\u00[5-7]/.test(text))
  );
}

/**
 * Drops, at every depth, the keys with which a handler that copies or merges the object would change a prototype: `__proto__`,
 * and `prototype` in an object that is a `constructor`. Nesting takes no stack.
 */
function dropPrototypes(root: object): void {
  const left = [root];
  for (let object = left.pop(); object !== undefined; object = left.pop()) {
    if (Object.hasOwn(object, '__proto__')) Reflect.deleteProperty(object, '__proto__');
    const made: unknown = Object.hasOwn(object, 'constructor') && object.constructor;
    if (isJsonObject(made)) Reflect.deleteProperty(made, 'prototype');
    for (const value of Object.values(object)) if (typeof value === 'object' && value !== null) left.push(value);
  }
}

/**
 * Reads ISO 8601 with any number of fraction digits (Gravv sends nanoseconds), or seconds or milliseconds since 1970.
 * A time without a zone is taken as UTC. Anything else is no timestamp, and never a reason to refuse an event.
 */
export function readTimestamp(value: unknown): Date | undefined {
  if (typeof value === 'number') return dateOf(Math.abs(value) < 1e11 ? value * 1000 : value);
  if (typeof value !== 'string') return undefined;
  const time = withinLastMinute(value);
  if (time !== undefined) return new Date(time);
  const iso = /^(\d{4}-\d\d-\d\d)[Tt ](\d\d:\d\d(?::\d\d)?)(?:[.,](\d+))?\s?([Zz]|[+-]\d\d:?\d\d)?$/.exec(value);
  if (iso === null) return /^\d{9,13}$/.test(value) ? readTimestamp(Number(value)) : undefined;
  const [, day, clock = '', fraction = '', zone = 'Z'] = iso;
  const offset = zone.length === 5 ? `${zone.slice(0, 3)}:${zone.slice(3)}` : zone.toUpperCase();
  const seconds = clock.length === 5 ? `${clock}:00` : clock;
  const date = dateOf(Date.parse(`${day}T${seconds}.${fraction.slice(0, 3).padEnd(3, '0')}${offset}`));
  // Midnight may be 24:00:00, and never 24:00:01.
  if (date !== undefined && offset === 'Z' && clock < '24') {
    lastMinute = `${day}T${clock.slice(0, 5)}:`;
    lastMinuteStart = Math.floor(date.getTime() / 60_000) * 60_000;
  }
  return date;
}

// Under load most events are of the same minute as the one before. Until there is one, nothing begins like it.
let lastMinute = 'none';
let lastMinuteStart = 0;

/** A time as nearly all providers write it, `2026-11-20T23:09:31Z` or with a fraction, without a pattern and a parser. */
function withinLastMinute(text: string): number | undefined {
  const end = text.length - 1;
  if (!text.startsWith(lastMinute) || text[end] !== 'Z' || end < 19 || end > 29) return undefined;
  const time = digits(text, 17, 19) * 1000 + (end === 19 ? 0 : milliseconds(text, end));
  // What holds anything but digits is not a number.
  return time < 60_000 ? lastMinuteStart + time : undefined;
}

function milliseconds(text: string, end: number): number {
  if (text[19] !== '.' || end === 20) return Number.NaN;
  const thousandths = digits(text, 20, Math.min(end, 23)) * (end === 21 ? 100 : end === 22 ? 10 : 1);
  // What is finer is dropped, but must be digits all the same.
  return Number.isNaN(digits(text, 23, end)) ? Number.NaN : thousandths;
}

/** The number that is written there, or NaN. */
function digits(text: string, start: number, end: number): number {
  let number = 0;
  for (let index = start; index < end; index++) {
    const digit = text.charCodeAt(index) - 48;
    number = digit < 0 || digit > 9 ? Number.NaN : number * 10 + digit;
  }
  return number;
}

function dateOf(time: number): Date | undefined {
  const date = new Date(time);
  return Number.isNaN(date.getTime()) ? undefined : date;
}

function notAnEvent(format: EventFormat, what: string, fix = notAnEventFix): WebhookError {
  return new WebhookError('invalid_event', `The body is genuine JSON, but no event of ${format.name}: ${what}.`, fix);
}

// The signature fits, so the sender is who it should be: what it sends is not what was expected of it.
const invalidBodyFix = { fix: 'Does the endpoint send another format than JSON? Choose JSON at the provider.' };
const notAnEventFix = {
  fix: 'Is the receiver for another provider than the secret? Otherwise the provider has changed, or your own description of it is wrong: handle the body by hand with verifySignature, and report it.',
};
const ownSchemaFix = {
  fix: 'The schema is your own: let it take what the provider sends.',
};
