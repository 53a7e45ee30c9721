import { type Cryptography, type HashAlgorithm, type Hmac, macBytes } from './cryptography.ts';

/** What is used of `node:crypto`. */
export interface NodeCrypto {
  createSecretKey(bytes: Uint8Array): object;
  createHmac(algorithm: string, key: object): NodeHash;
  createHash(algorithm: string): NodeHash;
  /** A whole hash in one call, in Node since 20.12: a third of the time of `createHash` for a few hundred bytes. */
  hash?(algorithm: string, data: Uint8Array, encoding: 'hex' | 'base64' | 'latin1'): string;
  timingSafeEqual(a: Uint8Array, b: Uint8Array): boolean;
}

interface NodeHash {
  update(data: Uint8Array | string, encoding?: 'utf8'): NodeHash;
  digest(encoding: 'hex' | 'base64'): string;
}

export function nodeCryptography(node: NodeCrypto): Cryptography {
  const { hash } = node;
  const oneShot = hash === undefined ? undefined : oneShotHmac(hash);
  return {
    hmac(algorithm, secret) {
      const streamed = streamedHmac(node, algorithm, secret);
      return oneShot === undefined ? streamed : oneShot(algorithm, secret, streamed);
    },
    sha256Hex: (bytes) => hash?.('sha256', bytes, 'hex') ?? node.createHash('sha256').update(bytes).digest('hex'),
    equal: equalBy(node),
  };
}

function streamedHmac(node: NodeCrypto, algorithm: HashAlgorithm, secret: Uint8Array): SyncHmac {
  let key: object | undefined;
  return (before, body, encoding) => {
    key ??= node.createSecretKey(secret);
    const hmac = node.createHmac(algorithm, key);
    if (before !== '') hmac.update(before, 'utf8');
    return hmac.update(body).digest(encoding);
  };
}

type SyncHmac = (...args: Parameters<Hmac>) => string;

const blockBytes = { sha1: 64, sha256: 64, sha384: 128, sha512: 128 } as const;

/** Larger messages are not copied: from there on the hash itself is what costs. */
const oneShotBytes = 8 * 1024;

/**
 * HMAC by its definition, `H(key ^ opad | H(key ^ ipad | message))`, with one native call for each hash: half the time of
 * `createHmac` for a small message. Nothing waits in between, so one place for the message serves all secrets.
 *
 * @see {@link https://www.rfc-editor.org/rfc/rfc2104#section-2}
 */
function oneShotHmac(hash: NonNullable<NodeCrypto['hash']>) {
  const inner = new Uint8Array(128 + oneShotBytes);
  const { buffer } = inner;
  // Whose padded key stands in front of the message: nearly always the same one's.
  let front: Uint8Array | undefined;
  return (algorithm: HashAlgorithm, secret: Uint8Array, streamed: SyncHmac): SyncHmac => {
    const block = blockBytes[algorithm];
    const key = new Uint8Array(block);
    if (secret.length <= block) key.set(secret);
    else setLatin1(key, 0, hash(algorithm, secret, 'latin1'));
    const afterKey = inner.subarray(block);
    const innerPad = key.map((byte) => byte ^ 0x36);
    const outer = new Uint8Array(block + macBytes[algorithm]);
    outer.set(key.map((byte) => byte ^ 0x5c));
    return (before, body, encoding) => {
      // As UTF-8 a text takes three times its length at most.
      if (3 * before.length + body.length > oneShotBytes) return streamed(before, body, encoding);
      if (front !== innerPad) {
        inner.set(innerPad);
        front = innerPad;
      }
      const start = before === '' ? block : block + encoder.encodeInto(before, afterKey).written;
      inner.set(body, start);
      const message = new Uint8Array(buffer, 0, start + body.length);
      setLatin1(outer, block, hash(algorithm, message, 'latin1'));
      return hash(algorithm, outer, encoding);
    };
  };
}

function setLatin1(bytes: Uint8Array, start: number, text: string): void {
  for (let i = 0; i < text.length; i++) bytes[start + i] = text.charCodeAt(i);
}

const encoder = new TextEncoder();

/** Compares in two places that are kept for each length: all MACs of a scheme have the same. */
function equalBy({ timingSafeEqual }: NodeCrypto): Cryptography['equal'] {
  const places = new Map<number, readonly [Uint8Array, Uint8Array]>();
  return (a, b) => {
    const { length } = a;
    if (length !== b.length || length > maxTextLength) return false;
    let pair = places.get(length);
    if (pair === undefined) {
      pair = [new Uint8Array(length), new Uint8Array(length)];
      places.set(length, pair);
    }
    const [left, right] = pair;
    // What is not ASCII has no place for all of its bytes, and is not a MAC.
    if (encoder.encodeInto(a, left).read !== length || encoder.encodeInto(b, right).read !== length) return false;
    return timingSafeEqual(left, right);
  };
}

/** The length of SHA-512 in hex, the longest MAC. */
const maxTextLength = 128;
