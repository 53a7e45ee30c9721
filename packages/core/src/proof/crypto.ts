/**
 * The only file that touches cryptography: `node:crypto` where the runtime has it (Node, Bun, Deno, and Workers since
 * August 2026; WebCrypto is about ten times slower on Node), WebCrypto elsewhere (older Workers, edge functions).
 */
import { encode, toHex } from '../bytes/encoding.ts';
import type { Awaitable } from '../timing/awaitable.ts';

/** Hash functions a webhook signature may use. */
export type HashAlgorithm = 'sha1' | 'sha256' | 'sha384' | 'sha512';

/** Computes the HMAC of `before` (as UTF-8) followed by `body`, with the key it was made from. */
export type Hmac = (before: string, body: Uint8Array) => Awaitable<Uint8Array>;

export interface Cryptography {
  /** Prepares a key, so that its cost is paid once. */
  hmac(algorithm: HashAlgorithm, key: Uint8Array): Awaitable<Hmac>;
  sha256(bytes: Uint8Array): Awaitable<Uint8Array>;
  /** Constant-time for inputs of equal length; the lengths themselves are no secret. */
  equal(a: Uint8Array, b: Uint8Array): boolean;
}

/** What is used of `node:crypto`. */
export interface NodeCrypto {
  createSecretKey(key: Uint8Array): object;
  createHmac(algorithm: string, key: object): NodeHash;
  createHash(algorithm: string): NodeHash;
  timingSafeEqual(a: Uint8Array, b: Uint8Array): boolean;
}

interface NodeHash {
  update(data: Uint8Array | string, encoding?: 'utf8'): NodeHash;
  digest(): Uint8Array;
}

export function nodeCryptography(node: NodeCrypto): Cryptography {
  return {
    hmac(algorithm, bytes) {
      const key = node.createSecretKey(bytes);
      return (before, body) => {
        const hmac = node.createHmac(algorithm, key);
        if (before !== '') hmac.update(before, 'utf8');
        return hmac.update(body).digest();
      };
    },
    sha256: (bytes) => node.createHash('sha256').update(bytes).digest(),
    equal: (a, b) => a.length === b.length && node.timingSafeEqual(a, b),
  };
}

const webNames = { sha1: 'SHA-1', sha256: 'SHA-256', sha384: 'SHA-384', sha512: 'SHA-512' } as const;

export function webCryptography(subtle: SubtleCrypto): Cryptography {
  return {
    async hmac(algorithm, bytes) {
      const params = { name: 'HMAC', hash: webNames[algorithm] };
      const key = await subtle.importKey('raw', new Uint8Array(bytes), params, false, ['sign']);
      return async (before, body) => {
        const start = encode(before);
        const message = new Uint8Array(start.length + body.length);
        message.set(start);
        message.set(body, start.length);
        return new Uint8Array(await subtle.sign('HMAC', key, message));
      };
    },
    sha256: async (bytes) => new Uint8Array(await subtle.digest('SHA-256', new Uint8Array(bytes))),
    equal(a, b) {
      if (a.length !== b.length) return false;
      let difference = 0;
      for (let i = 0; i < a.length; i++) difference |= (a[i] ?? 0) ^ (b[i] ?? 0);
      return difference === 0;
    },
  };
}

interface RuntimeProcess {
  getBuiltinModule?(id: 'node:crypto'): NodeCrypto | undefined;
}

// Asking the running process instead of importing keeps bundles for other runtimes free of `node:` imports.
const { process } = globalThis as { process?: RuntimeProcess };
const node = process?.getBuiltinModule?.('node:crypto');

export const cryptography: Cryptography =
  node === undefined ? webCryptography(globalThis.crypto.subtle) : nodeCryptography(node);

export async function sha256Hex(bytes: Uint8Array): Promise<string> {
  return toHex(await cryptography.sha256(bytes));
}
