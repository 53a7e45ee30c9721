import type { HeaderLookup } from '../bytes/headers.ts';
import { Refusal } from '../error.ts';
import { type Awaitable, isThenable } from '../timing/awaitable.ts';
import { cryptography } from './crypto.ts';
import type { HashAlgorithm, Hmac } from './cryptography.ts';
import type { CompiledScheme } from './scheme.ts';

/** A signature as it was sent, and what it says was signed with the body. Nothing of it is proven yet. */
export interface SentSignature {
  readonly scheme: CompiledScheme;
  /** MACs as text: several where the sender rotates its secret. */
  readonly macs: readonly string[];
  readonly id: string | undefined;
  readonly timestamp: string | undefined;
}

/** More signatures than this in one header are not looked at: a sender that rotates secrets sends two or three. */
const maxSignatures = 32;

/**
 * Reads the signature of a delivery, by the first scheme of which any header is present. A scheme that is only half there
 * is refused and not passed over: stripping one header must never lead to a weaker scheme.
 */
export function readSignature(schemes: readonly CompiledScheme[], headers: HeaderLookup): SentSignature | Refusal {
  for (const scheme of schemes) {
    const signature = headerValue(scheme.headers, headers);
    if (signature !== undefined) return readRest(scheme, signature, headers);
    for (const name of scheme.reads) if (headers.has(name)) return missing(scheme.headers);
  }
  return new Refusal('missing_signature', () => `The signature header is missing (${namesOf(schemes)}).`);
}

/** Reads what is signed with the body beside the signature. */
function readRest(scheme: CompiledScheme, signature: string, headers: HeaderLookup): SentSignature | Refusal {
  let timestamp: string | undefined;
  if (scheme.timestamp !== undefined) {
    const value = headerValue(scheme.timestamp.headers, headers);
    if (value === undefined) return missing(scheme.timestamp.headers);
    timestamp = entryOf(scheme, value, scheme.timestamp.prefix);
  }
  let id: string | undefined;
  if (scheme.id !== undefined) {
    id = headerValue(scheme.id.headers, headers);
    if (id === undefined) return missing(scheme.id.headers);
  }
  return parseSignature(scheme, signature, timestamp, id);
}

/** The first scheme of which any header is present. */
export function presentScheme(schemes: readonly CompiledScheme[], headers: HeaderLookup): CompiledScheme | undefined {
  for (const scheme of schemes) {
    for (const name of scheme.reads) if (headers.has(name)) return scheme;
  }
  return undefined;
}

/** The id that the signature of a delivery covers, as it was sent; undefined where the scheme has none. */
export function signedId(schemes: readonly CompiledScheme[], headers: HeaderLookup): string | undefined {
  const scheme = presentScheme(schemes, headers);
  return scheme?.id && headerValue(scheme.id.headers, headers);
}

/** Checks the form of a signature, a timestamp and an id; whatever else they hold is `malformed_signature`. */
export function parseSignature(
  scheme: CompiledScheme,
  signature: string,
  timestamp: string | undefined,
  id: string | undefined,
): SentSignature | Refusal {
  const macs = macsIn(scheme, signature);
  if (macs.length === 0) return malformed(() => `${scheme.headers[0]} is not ${scheme.looksLike}`);
  // Digits only, and an id that cannot end early: otherwise shifted dots would share signed bytes.
  if (timestamp !== undefined && !isTimestamp(timestamp)) {
    return malformed(() => `${scheme.timestamp?.headers[0]} is not a time in seconds since 1970`);
  }
  if (id !== undefined && !isId(id, scheme)) {
    return malformed(() => `${scheme.id?.headers[0]} is not 1 to 256 visible characters without "${scheme.idEnd}"`);
  }
  return { scheme, macs, id, timestamp };
}

/** What a header holds that has the form of a MAC, without its prefix. */
function macsIn(scheme: CompiledScheme, header: string): readonly string[] {
  const only = macIn(scheme, header);
  if (only !== undefined) return [only];
  const macs: string[] = [];
  for (const entry of split(scheme, header)) {
    const mac = macIn(scheme, entry);
    if (mac !== undefined) macs.push(mac);
  }
  return macs;
}

function macIn({ prefix, encoding, digits, noDigit, padding }: CompiledScheme, entry: string): string | undefined {
  if (entry.length !== prefix.length + digits + padding.length) return undefined;
  if (!entry.startsWith(prefix) || !entry.endsWith(padding)) return undefined;
  const mac = entry.slice(prefix.length);
  if (!noDigit.test(mac.slice(0, digits))) return mac;
  // Hex in capitals is the same number. Nearly nobody writes it, so nobody else waits for it.
  const lower = encoding === 'hex' ? mac.toLowerCase() : mac;
  return noDigit.test(lower.slice(0, digits)) ? undefined : lower;
}

/** Whether a text can be seconds since 1970. */
export function isTimestamp(text: string): boolean {
  return text.length > 0 && text.length <= 12 && !/\D/.test(text);
}

function isId(text: string, { idEnd = '' }: CompiledScheme): boolean {
  return text.length > 0 && text.length <= 256 && !/[^\x21-\x7e]/.test(text) && !text.includes(idEnd);
}

/** A secret as far as its HMACs go. */
export interface HmacMaker {
  hmac(algorithm: HashAlgorithm): Awaitable<Hmac>;
}

/** The position in `secrets`, from `first` on, of the secret that made one of the MACs, or -1. */
export function matchSignature(
  sent: SentSignature,
  body: Uint8Array,
  secrets: readonly HmacMaker[],
  first = 0,
): Awaitable<number> {
  const { algorithm, encoding } = sent.scheme;
  const before = signedBeforeBody(sent.scheme, sent.id, sent.timestamp);
  for (let index = first; index < secrets.length; index++) {
    const hmac = secrets[index]?.hmac(algorithm);
    if (hmac === undefined) continue;
    const expected = isThenable(hmac)
      ? hmac.then((made) => made(before, body, encoding))
      : hmac(before, body, encoding);
    if (isThenable(expected)) {
      return expected.then((mac) => (isAmong(sent.macs, mac) ? index : matchSignature(sent, body, secrets, index + 1)));
    }
    if (isAmong(sent.macs, expected)) return index;
  }
  return -1;
}

/** Compared as canonical text: no second spelling passes but hex in capitals, and nothing hostile is decoded. */
function isAmong(macs: readonly string[], expected: string): boolean {
  let matched = false;
  for (const mac of macs) matched = cryptography.equal(expected, mac) || matched;
  return matched;
}

/** The headers with which a sender proves a body: what {@link readSignature} and {@link matchSignature} accept. */
export async function signatureHeaders(
  scheme: CompiledScheme,
  hmac: Hmac,
  { body, id, timestamp }: { body: Uint8Array; id: string; timestamp: string },
): Promise<ReadonlyMap<string, string>> {
  const mac = await hmac(signedBeforeBody(scheme, id, timestamp), body, scheme.encoding);
  const headers = new Map<string, string>();
  if (scheme.id?.headers[0] !== undefined) headers.set(scheme.id.headers[0], id);
  if (scheme.timestamp?.headers[0] !== undefined) {
    headers.set(scheme.timestamp.headers[0], scheme.timestamp.prefix + timestamp);
  }
  for (const name of scheme.headers.slice(0, 1)) {
    const shared = headers.get(name);
    headers.set(name, `${shared === undefined ? '' : shared + (scheme.separator ?? '')}${scheme.prefix}${mac}`);
  }
  return headers;
}

/** What is signed before the body, by the scheme's template. */
export function signedBeforeBody(
  { template }: CompiledScheme,
  id: string | undefined,
  timestamp: string | undefined,
): string {
  let text = '';
  let isLiteral = true;
  for (const part of template) {
    text += isLiteral ? part : ((part === 'id' ? id : timestamp) ?? '');
    isLiteral = !isLiteral;
  }
  return text;
}

function split(scheme: CompiledScheme, header: string): readonly string[] {
  return scheme.separator === undefined ? [] : header.split(scheme.separator, maxSignatures);
}

/** What follows a prefix in a header of several entries. */
export function entryOf(scheme: CompiledScheme, header: string, prefix: string): string {
  if (prefix === '') return header;
  for (const entry of scheme.separator === undefined ? [header] : split(scheme, header)) {
    if (entry.startsWith(prefix)) return entry.slice(prefix.length);
  }
  return '';
}

/** The first of several names that is present. */
export function presentHeader(names: readonly string[], headers: HeaderLookup): string | undefined {
  for (const name of names) if (headers.has(name)) return name;
  return undefined;
}

/** The value of the first of several names that is present. */
export function headerValue(names: readonly string[], headers: HeaderLookup): string | undefined {
  for (const name of names) {
    const value = headers.get(name);
    if (value !== undefined) return value;
  }
  return undefined;
}

function namesOf(schemes: readonly CompiledScheme[]): string {
  return schemes.map(({ headers }) => headers.join(' or ')).join(' or ');
}

function missing(names: readonly string[]): Refusal {
  return new Refusal('missing_signature', () => `The header ${names.join(' or ')} is missing.`);
}

function malformed(what: () => string): Refusal {
  return new Refusal('malformed_signature', () => `The header ${what()}.`);
}
