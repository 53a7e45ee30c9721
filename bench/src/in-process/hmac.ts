import { randomBytes } from 'node:crypto';
import { type Contenders, pool } from './contenders.ts';

/** The parts of core's crypto.ts that are measured. They are internal: nobody else may import them. */
interface CryptoModule {
  readonly nodeCryptography: (node: unknown) => Cryptography;
  readonly webCryptography: (subtle: unknown) => Cryptography;
}

interface Cryptography {
  hmac(algorithm: 'sha256', key: Uint8Array): Hmac | Promise<Hmac>;
}

type Hmac = (before: string, body: Uint8Array) => Uint8Array | Promise<Uint8Array>;

/** One HMAC by `node:crypto`, as in Node, Bun and Deno, and by WebCrypto, as in Workers. Both with a prepared key. */
export async function hashing(bytes: number): Promise<Contenders> {
  const built = new URL('proof/crypto.js', import.meta.resolve('@hookproof/core')).href;
  const { nodeCryptography, webCryptography }: CryptoModule = await import(built);
  const key = randomBytes(32);
  const next = await pool(() => randomBytes(bytes));
  const onNode = await nodeCryptography(await import('node:crypto')).hmac('sha256', key);
  const onWeb = await webCryptography(globalThis.crypto.subtle).hmac('sha256', key);
  return {
    'node:crypto': async () => onNode('1795216193.', next()),
    WebCrypto: async () => onWeb('1795216193.', next()),
  };
}
