import { encode, toBase64, toHex } from '../bytes/encoding.ts';
import type { DeliveryHeaders } from '../bytes/headers.ts';
import { WebhookError } from '../error.ts';
import type { Awaitable } from '../timing/awaitable.ts';
import { cryptography, type HashAlgorithm, type Hmac } from './crypto.ts';
import type { CompiledScheme } from './scheme.ts';

/** A signature as it was sent, and what it says was signed with the body. Nothing of it is proven yet. */
export interface SentSignature {
  readonly scheme: CompiledScheme;
  readonly signatures: readonly string[];
  readonly id: string | undefined;
  readonly timestamp: string | undefined;
}

/** More signatures than this in one header are not looked at: a sender that rotates secrets sends two or three. */
const maxSignatures = 32;

/**
 * Reads the signature of a delivery, by the first scheme of which any header is present. A scheme that is only half there
 * is refused and not passed over: stripping one header must never lead to a weaker scheme.
 */
export function readSignature(schemes: readonly CompiledScheme[], headers: DeliveryHeaders): SentSignature {
  const scheme = presentScheme(schemes, headers);
  if (scheme === undefined) {
    const wanted = schemes.map((candidate) => candidate.headers.join(' or ')).join(' or ');
    throw new WebhookError('missing_signature', `There is no signature header (${wanted}).`);
  }
  const signature = required(scheme.headers, headers);
  const timestamp =
    scheme.timestamp && entryOf(scheme, required(scheme.timestamp.headers, headers), scheme.timestamp.prefix);
  const id = scheme.id && required(scheme.id.headers, headers);
  return parseSignature(scheme, { signature, timestamp, id });
}

/** The first scheme of which any header is present. */
export function presentScheme(
  schemes: readonly CompiledScheme[],
  headers: DeliveryHeaders,
): CompiledScheme | undefined {
  return schemes.find((candidate) => headersOf(candidate).some((name) => headers.has(name)));
}

/** The id that the signature of a delivery covers, as it was sent; undefined where the scheme has none. */
export function signedId(schemes: readonly CompiledScheme[], headers: DeliveryHeaders): string | undefined {
  const scheme = presentScheme(schemes, headers);
  return scheme?.id && headerValue(scheme.id.headers, headers);
}

/** Checks the form of a signature, a timestamp and an id; whatever else they hold is `malformed_signature`. */
export function parseSignature(
  scheme: CompiledScheme,
  { signature, timestamp, id }: { signature: string; timestamp: string | undefined; id: string | undefined },
): SentSignature {
  const signatures = split(scheme, signature)
    .filter((entry) => entry.startsWith(scheme.prefix))
    .map((entry) => entry.slice(scheme.prefix.length))
    .filter((entry) => scheme.shape.test(entry));
  if (signatures.length === 0) throw malformed(`${scheme.headers[0]} is not ${scheme.looksLike}`);
  // Digits only, and an id that cannot end early: otherwise shifted dots would share signed bytes.
  if (timestamp !== undefined && !isTimestamp(timestamp)) {
    throw malformed(`${scheme.timestamp?.headers[0]} is not a time in seconds since 1970`);
  }
  if (id !== undefined && (!/^[\x21-\x7e]{1,256}$/.test(id) || id.includes(scheme.idEnd ?? ''))) {
    throw malformed(`${scheme.id?.headers[0]} is not 1 to 256 visible characters without "${scheme.idEnd}"`);
  }
  return { scheme, signatures, timestamp, id };
}

/** Whether a text can be seconds since 1970. */
export function isTimestamp(text: string): boolean {
  return /^\d{1,12}$/.test(text);
}

/** The position in `keys` of the key that made one of the signatures, or -1. */
export async function matchSignature(sent: SentSignature, body: Uint8Array, keys: readonly Hmac[]): Promise<number> {
  const before = signedBeforeBody(sent.scheme, sent);
  const candidates = sent.signatures.map(encode);
  for (const [index, hmac] of keys.entries()) {
    // Compared as canonical text: a second spelling of the same bytes never passes, and nothing hostile is decoded.
    const expected = encode(spell(sent.scheme, await hmac(before, body)));
    let matched = false;
    for (const candidate of candidates) matched = cryptography.equal(expected, candidate) || matched;
    if (matched) return index;
  }
  return -1;
}

/** The headers with which a sender proves a body: what {@link readSignature} and {@link matchSignature} accept. */
export async function signatureHeaders(
  scheme: CompiledScheme,
  hmac: Hmac,
  { body, id, timestamp }: { body: Uint8Array; id: string; timestamp: string },
): Promise<ReadonlyMap<string, string>> {
  const signature = spell(scheme, await hmac(signedBeforeBody(scheme, { id, timestamp }), body));
  const headers = new Map<string, string>();
  if (scheme.id?.headers[0] !== undefined) headers.set(scheme.id.headers[0], id);
  if (scheme.timestamp?.headers[0] !== undefined) {
    headers.set(scheme.timestamp.headers[0], scheme.timestamp.prefix + timestamp);
  }
  for (const name of scheme.headers.slice(0, 1)) {
    const shared = headers.get(name);
    headers.set(name, `${shared === undefined ? '' : shared + (scheme.separator ?? '')}${scheme.prefix}${signature}`);
  }
  return headers;
}

/** Prepares the HMAC keys of an ordered list of secrets. */
export function prepareKeys(secrets: readonly Uint8Array[], algorithm: HashAlgorithm): Awaitable<readonly Hmac[]> {
  return Promise.all(secrets.map((secret) => cryptography.hmac(algorithm, secret)));
}

/** What is signed before the body, by the scheme's template. */
export function signedBeforeBody(
  scheme: CompiledScheme,
  values: { id: string | undefined; timestamp: string | undefined },
): string {
  let text = '';
  scheme.template.forEach((part, index) => {
    if (index % 2 === 0) text += part;
    else text += (part === 'id' ? values.id : values.timestamp) ?? '';
  });
  return text;
}

function spell(scheme: CompiledScheme, mac: Uint8Array): string {
  return scheme.encoding === 'hex' ? toHex(mac) : toBase64(mac);
}

function split(scheme: CompiledScheme, header: string): readonly string[] {
  return scheme.separator === undefined ? [header] : header.split(scheme.separator, maxSignatures);
}

/** What follows a prefix in a header of several entries. */
export function entryOf(scheme: CompiledScheme, header: string, prefix: string): string {
  if (prefix === '') return header;
  return (
    split(scheme, header)
      .find((entry) => entry.startsWith(prefix))
      ?.slice(prefix.length) ?? ''
  );
}

/** Every header that a scheme reads. */
export function headersOf(scheme: CompiledScheme): readonly string[] {
  return [...scheme.headers, ...(scheme.timestamp?.headers ?? []), ...(scheme.id?.headers ?? [])];
}

/** The first of several names that is present. */
export function presentHeader(names: readonly string[], headers: DeliveryHeaders): string | undefined {
  return names.find((name) => headers.has(name));
}

/** The value of the first of several names that is present. */
export function headerValue(names: readonly string[], headers: DeliveryHeaders): string | undefined {
  const name = presentHeader(names, headers);
  return name === undefined ? undefined : headers.get(name);
}

function required(wanted: readonly string[], headers: DeliveryHeaders): string {
  const value = headerValue(wanted, headers);
  if (value !== undefined) return value;
  throw new WebhookError('missing_signature', `The header ${wanted.join(' or ')} is missing.`);
}

function malformed(what: string): WebhookError {
  return new WebhookError('malformed_signature', `The header ${what}.`);
}
