import type { Awaitable } from '../timing/awaitable.ts';

/** Hash functions a webhook signature may use. */
export type HashAlgorithm = 'sha1' | 'sha256' | 'sha384' | 'sha512';

/** Bytes of a MAC by hash function. */
export const macBytes = { sha1: 20, sha256: 32, sha384: 48, sha512: 64 } as const;

/** How a MAC is written as text. */
export type MacEncoding = 'hex' | 'base64';

/** The HMAC of `before` (as UTF-8) followed by `body`, as text, with the secret that it was made from. */
export type Hmac = (before: string, body: Uint8Array, encoding: MacEncoding) => Awaitable<string>;

/** What the proof needs of a runtime. */
export interface Cryptography {
  /** Prepares a secret, so that its cost is paid once. */
  hmac(algorithm: HashAlgorithm, secret: Uint8Array): Awaitable<Hmac>;
  /** SHA-256 in hex. */
  sha256Hex(bytes: Uint8Array): Awaitable<string>;
  /** Constant-time for texts of equal length; the lengths themselves are not secret. */
  equal(a: string, b: string): boolean;
}
