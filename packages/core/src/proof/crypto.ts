import { encode, toHex } from '../bytes/encoding.ts';
import type { Cryptography } from './cryptography.ts';
import { type NodeCrypto, nodeCryptography } from './node-crypto.ts';
import { webCryptography } from './web-crypto.ts';

interface RuntimeProcess {
  getBuiltinModule?(id: 'node:crypto'): NodeCrypto | undefined;
}

function onNode(): Cryptography | undefined {
  try {
    // Asking the running process instead of importing keeps bundles for other runtimes free of `node:` imports.
    const { process } = globalThis as { process?: RuntimeProcess };
    const node = process?.getBuiltinModule?.('node:crypto');
    if (node === undefined) return undefined;
    return [nodeCryptography(node), nodeCryptography(withoutHash(node))].find(works);
  } catch {
    return undefined;
  }
}

function withoutHash({ createSecretKey, createHmac, createHash, timingSafeEqual }: NodeCrypto): NodeCrypto {
  return { createSecretKey, createHmac, createHash, timingSafeEqual };
}

// A runtime may have the functions and not what they do; https://www.rfc-editor.org/rfc/rfc4231#section-4.3
const jefe = encode('Jefe');
const question = encode(' ya want for nothing?');
const answer = '5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843';

function works(candidate: Cryptography): boolean {
  try {
    const hmac = candidate.hmac('sha256', jefe);
    const mac = typeof hmac === 'function' ? hmac('what do', question, 'hex') : '';
    return typeof mac === 'string' && candidate.equal(mac, answer) && !candidate.equal(mac, answer.replace('5', '6'));
  } catch {
    return false;
  }
}

/**
 * `node:crypto` where the runtime has it and it works (Node, Bun, Deno, and Workers since August 2026; WebCrypto is about
 * ten times slower on Node), WebCrypto elsewhere (older Workers, edge functions).
 */
export const cryptography: Cryptography = onNode() ?? webCryptography();

/**
 * What tells a secret from others and may be stored: slow on purpose, so that it helps nobody to guess the secret.
 *
 * @see {@link https://www.rfc-editor.org/rfc/rfc8018#section-5.2}
 */
export async function slowFingerprint(secret: Uint8Array): Promise<string> {
  const { subtle } = globalThis.crypto;
  const key = await subtle.importKey('raw', new Uint8Array(secret), 'PBKDF2', false, ['deriveBits']);
  // As many rounds as Workers allow.
  const rounds = { name: 'PBKDF2', hash: 'SHA-256', salt: encode('hookproof: whose event'), iterations: 100_000 };
  return toHex(new Uint8Array(await subtle.deriveBits(rounds, key, 128)));
}
