import * as nodeCrypto from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { encode } from '../bytes/encoding.ts';
import type { HashAlgorithm, MacEncoding } from './cryptography.ts';
import { type NodeCrypto, nodeCryptography } from './node-crypto.ts';

// Node's createHmac wants a KeyObject where NodeCrypto says object.
const node = nodeCrypto as unknown as NodeCrypto;
const fast = nodeCryptography(node);

const blocks = { sha1: 64, sha256: 64, sha384: 128, sha512: 128 } as const satisfies Record<HashAlgorithm, number>;
const algorithms = Object.keys(blocks) as readonly HashAlgorithm[];
const encodings: readonly MacEncoding[] = ['hex', 'base64'];
const largest = 8 * 1024;

function byHand(algorithm: HashAlgorithm, secret: Uint8Array, before: string, body: Uint8Array, encoding: MacEncoding) {
  return nodeCrypto.createHmac(algorithm, secret).update(before, 'utf8').update(body).digest(encoding);
}

function expectSame(
  algorithm: HashAlgorithm,
  secret: Uint8Array,
  before: string,
  body: Uint8Array,
  encoding: MacEncoding,
) {
  const hmac = fast.hmac(algorithm, secret);
  if (typeof hmac !== 'function') throw new TypeError('Node prepares a secret at once.');
  const mac = hmac(before, body, encoding);
  // Not toBe for each: a hundred thousand of those take longer than the HMACs.
  if (mac === byHand(algorithm, secret, before, body, encoding)) return;
  expect.unreachable(
    `${algorithm}, a secret of ${secret.length}, ${before.length} before a body of ${body.length}, ${encoding}`,
  );
}

/** Numbers that look random and are the same in every run. */
function generator(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((state / 2 ** 32) * below);
  };
}

describe('the HMAC of two one-shot hashes', () => {
  it('is what createHmac makes, for every length of secret, text and body around the edges of a block', () => {
    for (const algorithm of algorithms) {
      const block = blocks[algorithm];
      const edges = [0, 1, block - 9, block - 1, block, block + 1, 2 * block - 1, 2 * block, 2 * block + 1];
      for (const secretLength of edges.slice(1)) {
        for (const beforeLength of [0, 1, 11, block - 1, block, block + 1]) {
          for (const bodyLength of edges) {
            const secret = nodeCrypto.randomBytes(secretLength);
            const body = nodeCrypto.randomBytes(bodyLength);
            for (const encoding of encodings) expectSame(algorithm, secret, '7'.repeat(beforeLength), body, encoding);
          }
        }
      }
    }
  });

  it('is what createHmac makes, around the size from which it is streamed', () => {
    for (const algorithm of algorithms) {
      for (const before of ['', '.', '1795216193.', '€'.repeat(300), '😀'.repeat(300)]) {
        // A text is taken to have three bytes for each unit, which those of the euro sign have.
        for (const room of [before.length, 3 * before.length]) {
          for (const length of [largest - 2, largest - 1, largest, largest + 1]) {
            expectSame(algorithm, encode('a secret'), before, nodeCrypto.randomBytes(length - room), 'hex');
          }
        }
      }
    }
  });

  it('is what createHmac makes of secrets that mean something: nothing but zeros, what pads cancel out, trailing zeros', () => {
    for (const algorithm of algorithms) {
      const block = blocks[algorithm];
      for (const byte of [0x00, 0x36, 0x5c, 0xff]) {
        for (const length of [1, block - 1, block, block + 1]) {
          expectSame(algorithm, new Uint8Array(length).fill(byte), 'a.', encode('body'), 'hex');
        }
      }
    }
  });

  it('is what createHmac makes of a text before the body that is not ASCII', () => {
    for (const before of ['é.', '€', '😀.', 'a\u0000b', '\ud800', '\u007f', '\u0080']) {
      for (const algorithm of algorithms) expectSame(algorithm, encode('a secret'), before, encode('{}'), 'base64');
    }
  });

  it('is what createHmac makes, for 100,000 random secrets, texts and bodies', { timeout: 120_000 }, () => {
    const random = generator(4_231);
    const pool = nodeCrypto.randomBytes(4_096);
    const some = (most: number) => {
      const start = random(pool.length - most);
      return pool.subarray(start, start + random(most));
    };
    for (let run = 0; run < 100_000; run++) {
      const algorithm = algorithms[random(algorithms.length)] ?? 'sha256';
      const before = random(2) === 0 ? '' : `${random(1e9)}.`.repeat(1 + random(4));
      const secret = pool.subarray(0, 1 + random(3 * blocks[algorithm]));
      expectSame(algorithm, secret, before, some(random(8) === 0 ? 2_000 : 300), encodings[random(2)] ?? 'hex');
    }
  });

  it('leaves nothing of one secret or message for the next, however they take turns', async () => {
    const secrets = ['one', 'two', 'three'].map((text) => encode(text));
    const hmacs = await Promise.all(secrets.map((secret) => fast.hmac('sha256', secret)));
    for (let run = 0; run < 300; run++) {
      const index = (run * 7) % 3;
      const body = new Uint8Array((run * 37) % 700).fill(run);
      const mac = await hmacs[index]?.(`${run}.`, body, 'hex');
      expect(mac).toBe(byHand('sha256', secrets[index] ?? encode(''), `${run}.`, body, 'hex'));
    }
  });

  it('is taken for what is small, and not for what is large', async () => {
    let hashes = 0;
    const hash: NodeCrypto['hash'] = (...given) => {
      hashes++;
      return node.hash?.(...given) ?? '';
    };
    const hmac = await nodeCryptography({ ...node, hash }).hmac('sha256', encode('a secret'));
    await hmac('1795216193.', new Uint8Array(largest - 3 * 11), 'hex');
    expect(hashes).toBe(2);
    await hmac('1795216193.', new Uint8Array(largest - 3 * 11 + 1), 'hex');
    expect(hashes).toBe(2);
  });

  it('is not taken where a runtime has no one-shot hash, with the same result', async () => {
    const { hash: _hash, ...without } = node;
    const streamed = nodeCryptography(without);
    const hmac = await streamed.hmac('sha512', encode('a secret'));
    expect(await hmac('1.', encode('{}'), 'base64')).toBe(
      byHand('sha512', encode('a secret'), '1.', encode('{}'), 'base64'),
    );
    expect(await streamed.sha256Hex(encode('{}'))).toBe(nodeCrypto.createHash('sha256').update('{}').digest('hex'));
  });
});
