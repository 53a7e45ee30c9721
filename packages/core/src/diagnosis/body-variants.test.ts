import { gzipSync } from 'node:zlib';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { bodyVariants } from './body-variants.ts';

async function causesOf(body: string | Uint8Array): Promise<ReadonlySet<string>> {
  const causes = new Set<string>();
  const bytes = typeof body === 'string' ? new TextEncoder().encode(body) : body;
  for await (const { cause } of bodyVariants(bytes)) causes.add(cause);
  return causes;
}

const kibibyte = 1024;
const mebibyte = 1024 * kibibyte;
const quoted = (bytes: number, text: string) => `{"a":"${text.repeat((bytes - 8) / Buffer.byteLength(text))}"}`;
const levels = (count: number) => `${'['.repeat(count)}1${']'.repeat(count)}`;

describe('what an attacker could make large', () => {
  it.each<[what: string, cause: string, within: string | Uint8Array, beyond: string | Uint8Array]>([
    ['gzip', 'body_gzipped', gzipSync(new Uint8Array(mebibyte)), gzipSync(new Uint8Array(mebibyte + 1))],
    ['JSON', 'body_reserialised', quoted(64 * kibibyte, 'a'), quoted(64 * kibibyte + 1, 'a')],
    ['deep JSON', 'body_reserialised', levels(32), levels(33)],
    ['letters beyond ASCII', 'body_latin1', quoted(64 * kibibyte, 'é'), quoted(64 * kibibyte + 2, 'é')],
  ])('%s is tried up to a bound', async (_what, cause, within, beyond) => {
    expect(await causesOf(within)).toContain(cause);
    expect(await causesOf(beyond)).not.toContain(cause);
  });
});

describe('a runtime that cannot unpack', () => {
  afterEach(() => void vi.unstubAllGlobals());

  it.each<[what: string, there: unknown]>([
    ['has no DecompressionStream', undefined],
    [
      'has one that throws, as in an edge function of Next.js',
      function unsupported() {
        throw new Error('A Node.js API is used (DecompressionStream) which is not supported in the Edge Runtime.');
      },
    ],
  ])('and %s leaves that variant out', async (_what, there) => {
    vi.stubGlobal('DecompressionStream', there);
    expect(await causesOf(gzipSync('{"a":1}'))).toEqual(new Set());
    expect(await causesOf('{"a":1}')).toContain('body_reserialised');
  });
});

describe('what is no variant', () => {
  it.each<[what: string, body: Uint8Array]>([
    ['gzip that is cut off', gzipSync('{"a":1}').subarray(0, 20)],
    ['bytes that are no text', Uint8Array.of(0xff, 0xfe, 0x00)],
  ])('%s', async (_what, body) => {
    expect(await causesOf(body)).toEqual(new Set());
  });

  it('the body as it arrived is not tried again', async () => {
    const body = '{"a":1}';
    for await (const { bytes } of bodyVariants(new TextEncoder().encode(body))) {
      expect(new TextDecoder('utf-8', { ignoreBOM: true }).decode(bytes)).not.toBe(body);
    }
    expect.hasAssertions();
  });
});
