import * as nodeCrypto from 'node:crypto';
import fc from 'fast-check';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { encode, fromBase64, toBase64, toHex } from '../bytes/encoding.ts';
import type { Cryptography, HashAlgorithm } from './cryptography.ts';
import { type NodeCrypto, nodeCryptography } from './node-crypto.ts';
import { webCryptography } from './web-crypto.ts';

const paths: [name: string, cryptography: Cryptography][] = [
  // Node's createHmac wants a KeyObject where NodeCrypto says object.
  ['node:crypto', nodeCryptography(nodeCrypto as unknown as NodeCrypto)],
  ['WebCrypto', webCryptography()],
];

const algorithms: readonly HashAlgorithm[] = ['sha1', 'sha256', 'sha384', 'sha512'];

const unsupported = (): never => {
  throw new Error('not supported here');
};

const repeated = (byte: number, count: number) => new Uint8Array(count).fill(byte);

interface Vector {
  readonly name: string;
  readonly key: Uint8Array;
  readonly data: Uint8Array;
  readonly sha256: string;
  readonly sha384: string;
  readonly sha512: string;
}

// https://www.rfc-editor.org/rfc/rfc4231#section-4
const rfc4231: readonly Vector[] = [
  {
    name: 'case 1',
    key: repeated(0x0b, 20),
    data: encode('Hi There'),
    sha256: 'b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7',
    sha384: 'afd03944d84895626b0825f4ab46907f15f9dadbe4101ec682aa034c7cebc59cfaea9ea9076ede7f4af152e8b2fa9cb6',
    sha512:
      '87aa7cdea5ef619d4ff0b4241a1d6cb02379f4e2ce4ec2787ad0b30545e17cdedaa833b7d6b8a702038b274eaea3f4e4be9d914eeb61f1702e696c203a126854',
  },
  {
    name: 'case 2, a key shorter than the output',
    key: encode('Jefe'),
    data: encode('what do ya want for nothing?'),
    sha256: '5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843',
    sha384: 'af45d2e376484031617f78d2b58a6b1b9c7ef464f5a01b47e42ec3736322445e8e2240ca5e69e2c78b3239ecfab21649',
    sha512:
      '164b7a7bfcf819e2e395fbe73b56e0a387bd64222e831fd610270cd7ea2505549758bf75c05a994a6d034f65f8f0e6fdcaeab1a34d4a6b4b636e070a38bce737',
  },
  {
    name: 'case 3, key and data of one byte repeated',
    key: repeated(0xaa, 20),
    data: repeated(0xdd, 50),
    sha256: '773ea91e36800e46854db8ebd09181a72959098b3ef8c122d9635514ced565fe',
    sha384: '88062608d3e6ad8a0aa2ace014c8a86f0aa635d947ac9febe83ef4e55966144b2a5ab39dc13814b94e3ab6e101a34f27',
    sha512:
      'fa73b0089d56a284efb0f0756c890be9b1b5dbdd8ee81a3655f83e33b2279d39bf3e848279a722c806b485a47e67c807b946a337bee8942674278859e13292fb',
  },
  {
    name: 'case 4, a key of 25 bytes',
    key: Uint8Array.from({ length: 25 }, (_, index) => index + 1),
    data: repeated(0xcd, 50),
    sha256: '82558a389a443c0ea4cc819899f2083a85f0faa3e578f8077a2e3ff46729665b',
    sha384: '3e8a69b7783c25851933ab6290af6ca77a9981480850009cc5577c6e1f573b4e6801dd23c4a7d679ccf8a386c674cffb',
    sha512:
      'b0ba465637458c6990e5a8c5f61d4af7e576d97ff94b872de76f8050361ee3dba91ca5c11aa25eb4d679275cc5788063a5f19741120c4f2de2adebeb10a298dd',
  },
  {
    name: 'case 5, of which the RFC gives the first 128 bits',
    key: repeated(0x0c, 20),
    data: encode('Test With Truncation'),
    sha256: 'a3b6167473100ee06e0c796c2955552b',
    sha384: '3abf34c3503b2a23a46efc619baef897',
    sha512: '415fad6271580a531d4179bc891d87a6',
  },
  {
    name: 'case 6, a key longer than the block',
    key: repeated(0xaa, 131),
    data: encode('Test Using Larger Than Block-Size Key - Hash Key First'),
    sha256: '60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54',
    sha384: '4ece084485813e9088d2c63a041bc5b44f9ef1012a2b588f3cd11f05033ac4c60c2ef6ab4030fe8296248df163f44952',
    sha512:
      '80b24263c7c1a3ebb71493c1dd7be8b49b46d1f41b4aeec1121b013783f8f3526b56d037e05f2598bd0fd2215d6a1e5295e64f73f63f0aec8b915a985d786598',
  },
  {
    name: 'case 7, key and data longer than the block',
    key: repeated(0xaa, 131),
    data: encode(
      'This is a test using a larger than block-size key and a larger than block-size data. The key needs to be hashed before being used by the HMAC algorithm.',
    ),
    sha256: '9b09ffa71b942fcb27635fbcd5b0e944bfdc63644f0713938a7f51535c3a35e2',
    sha384: '6617178e941f020d351e2f254e8fd32c602420feb0b8fb9adccebb82461e99c5a678cc31e799176d3860e6110c46523e',
    sha512:
      'e37b6a775dc87dbaa4dfa9f96e5e3ffddebd71f8867289865df5a32d20cdc944b6022cac3c4982b10d5eeb55c3e4de15134676fb6de0446065c97440fa8c6a58',
  },
];

describe.each(paths)('cryptography by %s', (_name, cryptography) => {
  for (const vector of rfc4231) {
    it.each(['sha256', 'sha384', 'sha512'] as const)(`makes the HMAC of RFC 4231 ${vector.name}, %s`, async (hash) => {
      const hmac = await cryptography.hmac(hash, vector.key);
      const expected = vector[hash];
      expect((await hmac('', vector.data, 'hex')).slice(0, expected.length)).toBe(expected);
    });
  }

  it('makes the HMAC-SHA1 of RFC 2202 case 1', async () => {
    const hmac = await cryptography.hmac('sha1', repeated(0x0b, 20));
    expect(await hmac('', encode('Hi There'), 'hex')).toBe('b617318655057264e28bc0b6fb378c8ef146be00');
  });

  it('agrees with node:crypto on any key, text before the body, and body', { timeout: 60_000 }, async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom(...algorithms),
        fc.uint8Array({ minLength: 1, maxLength: 200 }),
        fc.string({ unit: 'binary' }),
        fc.uint8Array({ maxLength: 2_000 }),
        async (algorithm, key, before, body) => {
          const expected = nodeCrypto.createHmac(algorithm, key).update(before, 'utf8').update(body).digest('hex');
          const hmac = await cryptography.hmac(algorithm, key);
          expect(await hmac(before, body, 'hex')).toBe(expected);
        },
      ),
      { numRuns: 300 },
    );
  });

  it('keeps a prepared key reusable: one delivery leaves nothing behind for the next', async () => {
    const hmac = await cryptography.hmac('sha256', encode('key'));
    const first = await hmac('1.', encode('body'), 'hex');
    await hmac('2.', encode('another body'), 'hex');
    expect(await hmac('1.', encode('body'), 'hex')).toBe(first);
  });

  it('reads only the bytes of a view, not those of the buffer behind it', async () => {
    const behind = encode('xxbodyxx');
    const hmac = await cryptography.hmac('sha256', encode('xxkeyxx').subarray(2, 5));
    const expected = nodeCrypto.createHmac('sha256', 'key').update('body').digest('hex');
    expect(await hmac('', behind.subarray(2, 6), 'hex')).toBe(expected);
    expect(await cryptography.sha256Hex(behind.subarray(2, 6))).toBe(
      nodeCrypto.createHash('sha256').update('body').digest('hex'),
    );
  });

  it('makes the SHA-256 of FIPS 180-4', async () => {
    const hash = async (text: string) => cryptography.sha256Hex(encode(text));
    expect(await hash('')).toBe('e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855');
    expect(await hash('abc')).toBe('ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad');
  });

  it('finds equal texts equal, and texts that differ in any single character different', () => {
    const anyMac = fc.string({ unit: fc.constantFrom(...'0123456789abcdefABCDEF+/='), minLength: 1, maxLength: 128 });
    fc.assert(
      fc.property(anyMac, fc.nat(), fc.constantFrom(...'0af+='), (mac, place, other) => {
        expect(cryptography.equal(mac, `${mac}`)).toBe(true);
        const at = place % mac.length;
        const changed = mac.slice(0, at) + other + mac.slice(at + 1);
        expect(cryptography.equal(mac, changed)).toBe(changed === mac);
        expect(cryptography.equal(changed, mac)).toBe(changed === mac);
      }),
    );
  });

  it('finds texts of another length different, and what is not ASCII unlike any MAC, without throwing', () => {
    expect(cryptography.equal('abc', 'ab')).toBe(false);
    expect(cryptography.equal('ab', 'abc')).toBe(false);
    expect(cryptography.equal('', 'a')).toBe(false);
    expect(cryptography.equal('', '')).toBe(true);
    expect(cryptography.equal('abcd', 'abc\u0164')).toBe(false);
    expect(cryptography.equal('\u0161\u0162', 'ab')).toBe(false);
    expect(cryptography.equal('\ud800', '\udbff')).toBe(false);
  });
});

describe('the choice of a runtime', () => {
  const original = process.getBuiltinModule;
  afterEach(() => {
    process.getBuiltinModule = original;
    vi.resetModules();
  });

  it('takes node:crypto where the process has it', async () => {
    const { cryptography } = await import('./crypto.ts');
    expect(cryptography.sha256Hex(encode(''))).toBeTypeOf('string');
  });

  it.each<[what: string, answer: unknown]>([
    ['has no node:crypto', () => undefined],
    ['cannot be asked for it', undefined],
    [
      'throws when it is asked, as in an edge function of Next.js',
      () => {
        throw new Error('A Node.js API is used (process.getBuiltinModule) which is not supported in the Edge Runtime.');
      },
    ],
    ['has one that throws whatever is called', () => new Proxy({}, { get: () => unsupported })],
    ['has one that throws whatever is looked at', () => new Proxy({}, { get: unsupported })],
  ])('takes WebCrypto where the process %s, and proves the same deliveries with it', async (_what, answer) => {
    vi.resetModules();
    process.getBuiltinModule = answer as typeof original;
    const { cryptography } = await import('./crypto.ts');
    const { grantiva, verifyDelivery, WebhookError } = await import('../index.ts');
    expect(cryptography.sha256Hex(encode(''))).toBeInstanceOf(Promise);

    const secret = 'whsec_web';
    const body = '{"event":"device.blocked","data":{}}';
    const mac = nodeCrypto.createHmac('sha256', secret).update(body).digest('hex');
    const delivery = { headers: { 'x-grantiva-signature': `sha256=${mac}` }, body, secret };
    expect(await verifyDelivery(grantiva(), delivery)).toMatchObject({ type: 'device.blocked' });
    await expect(verifyDelivery(grantiva(), { ...delivery, body: `${body} ` })).rejects.toThrow(WebhookError);
  });
});

describe('a key of WebCrypto', () => {
  it('cannot be read back', async () => {
    const importKey = vi.spyOn(globalThis.crypto.subtle, 'importKey');
    try {
      await webCryptography().hmac('sha256', encode('key'));
      expect(importKey).toHaveBeenCalledOnce();
      const [, , , extractable, usages] = importKey.mock.lastCall ?? [];
      expect({ extractable, usages }).toEqual({ extractable: false, usages: ['sign'] });
    } finally {
      importKey.mockRestore();
    }
  });
});

describe('hex and base64', () => {
  it('spells bytes as Buffer does', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 100 }), (bytes) => {
        expect(toHex(bytes)).toBe(Buffer.from(bytes).toString('hex'));
        expect(toBase64(bytes)).toBe(Buffer.from(bytes).toString('base64'));
      }),
    );
  });

  it('reads the base64 that it writes', () => {
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 1, maxLength: 100 }), (bytes) => {
        expect(fromBase64(toBase64(bytes))).toEqual(bytes);
      }),
    );
  });

  it.each([
    ['nothing', ''],
    ['a length that no bytes have', 'A'],
    ['padding alone', '=='],
    ['padding inside', 'YQ==YQ=='],
    ['too much padding', 'YQ==='],
    ['a space', 'YWJj ZGVm'],
    ['a newline at the end', 'YWJj\n'],
    ['the alphabet of URLs', '-_-_'],
    ['letters beyond ASCII', 'YWJé'],
  ])('does not read %s as base64', (_what, text) => {
    expect(fromBase64(text)).toBeUndefined();
  });
});
