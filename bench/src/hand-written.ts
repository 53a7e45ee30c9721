/**
 * What a careful developer writes without a library: the raw bytes, `createHmac`, `timingSafeEqual`, and for signed
 * times a window. No deduplication, no schema, no timeout.
 */
import { createHmac, timingSafeEqual } from 'node:crypto';
import type { SchemeName } from './deliveries.ts';

/** Looks up a header by its name in lower case. */
type HeaderLookup = (name: string) => string | undefined;

type Key = string | Buffer;

/** The hand-written check of one scheme. */
export interface HandWritten {
  /** What `createHmac` takes, once per secret. */
  readonly key: (secret: string) => Key;
  /** Whether a delivery is genuine. */
  readonly verify: (header: HeaderLookup, body: Buffer, key: Key) => boolean;
}

export const handWritten: Readonly<Record<SchemeName, HandWritten>> = {
  'grantex v1': { key: text, verify: hexOfBody('x-grantex-signature', 'sha256=') },
  'grantex v2': { key: text, verify: grantexV2 },
  grantiva: { key: text, verify: hexOfBody('x-grantiva-signature', 'sha256=') },
  gravv: { key: text, verify: hexOfBody('x-gravv-signature', '') },
  'standard webhooks': { key: base64, verify: standard },
};

/** The check of a scheme with one secret, which is prepared once. */
export function verifier(scheme: SchemeName, secret: string): (header: HeaderLookup, body: Buffer) => boolean {
  const { key: keyOf, verify } = handWritten[scheme];
  const key = keyOf(secret);
  return (header, body) => verify(header, body, key);
}

function text(secret: string): Key {
  return secret;
}

function base64(secret: string): Key {
  return Buffer.from(secret.slice('whsec_'.length), 'base64');
}

function hexOfBody(name: string, prefix: string): HandWritten['verify'] {
  return (header, body, key) => {
    const signature = header(name);
    if (signature === undefined) return false;
    return equal(signature, prefix + createHmac('sha256', key).update(body).digest('hex'));
  };
}

function grantexV2(header: HeaderLookup, body: Buffer, key: Key): boolean {
  const signature = header('x-grantex-signature-v2');
  const timestamp = header('x-grantex-timestamp');
  if (signature === undefined || timestamp === undefined || !isFresh(timestamp)) return false;
  const expected = createHmac('sha256', key).update(`${timestamp}.`).update(body).digest('hex');
  return equal(signature, `sha256=${expected}`);
}

function standard(header: HeaderLookup, body: Buffer, key: Key): boolean {
  const id = header('webhook-id');
  const timestamp = header('webhook-timestamp');
  const signatures = header('webhook-signature');
  if (id === undefined || timestamp === undefined || signatures === undefined || !isFresh(timestamp)) return false;
  const expected = createHmac('sha256', key).update(`${id}.${timestamp}.`).update(body).digest('base64');
  return signatures.split(' ').some((signature) => equal(signature, `v1,${expected}`));
}

function equal(given: string, expected: string): boolean {
  const a = Buffer.from(given);
  const b = Buffer.from(expected);
  return a.length === b.length && timingSafeEqual(a, b);
}

function isFresh(timestamp: string): boolean {
  return Math.abs(Date.now() / 1000 - Number(timestamp)) <= 300;
}
