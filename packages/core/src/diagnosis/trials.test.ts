import { gzipSync } from 'node:zlib';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { readHeaders } from '../bytes/headers.ts';
import { WebhookError, type WebhookErrorCode } from '../error.ts';
import { cryptography } from '../proof/crypto.ts';
import type { Secret } from '../proof/secret.ts';
import { secretsOf } from '../proof/signing-secrets.ts';
import type { Provider } from '../provider.ts';
import { grantex } from '../providers/grantex.ts';
import { gravv } from '../providers/gravv.ts';
import { standardWebhooks } from '../providers/standard-webhooks.ts';
import { createReceiver } from '../receiver.ts';
import { diagnose } from './diagnosis.ts';

const mebibyte = 1024 * 1024;
const signature = `sha256=${'0'.repeat(64)}`;
const fifty = Array.from({ length: 50 }, (_, index) => `secret ${index}\n`);
const v2 = {
  'x-grantex-signature-v2': signature,
  'x-grantex-timestamp': '1795216193',
  'x-grantex-signature': signature,
};

// The sizes of what the diagnosis computed HMACs of.
const sizes: number[] = [];
const { hmac } = cryptography;

beforeEach(() => {
  sizes.length = 0;
  vi.spyOn(cryptography, 'hmac').mockImplementation((algorithm, key) => {
    const made = Promise.resolve(hmac(algorithm, key));
    return async (before, body, encoding) => {
      sizes.push(body.length);
      return (await made)(before, body, encoding);
    };
  });
});
afterEach(() => vi.restoreAllMocks());

interface Hostile {
  readonly code: WebhookErrorCode;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string | Uint8Array;
  readonly provider?: Provider;
  readonly secret?: Secret | readonly Secret[];
}

interface Row extends Hostile {
  readonly what: string;
  /** How many HMACs it gets where that is known: as many as it may have, or only what makes sense. */
  readonly macs?: number;
}

function many(count: number, value: string): Record<string, string> {
  return Object.fromEntries(Array.from({ length: count }, (_, index) => [`x-${index}-signature`, value]));
}

const json = '{"id":"évt_1","url":"https:\\/\\/example.com"}\n';
const deep = `${'['.repeat(31)}${'0,'.repeat(32_000)}0${']'.repeat(31)}`;

const deliveries: readonly Row[] = [
  { what: 'fifty secrets', code: 'signature_mismatch', headers: v2, body: json, macs: 64 },
  { what: 'one secret', code: 'signature_mismatch', headers: v2, body: json, secret: 'one' },
  { what: 'a mebibyte', code: 'signature_mismatch', headers: v2, body: `{"a":"${' '.repeat(mebibyte - 8)}"}` },
  { what: 'more than a mebibyte', code: 'signature_mismatch', headers: v2, body: ' '.repeat(mebibyte + 1), macs: 0 },
  { what: 'JSON that grows when it is indented', code: 'signature_mismatch', headers: v2, body: deep },
  { what: 'deep JSON', code: 'signature_mismatch', headers: v2, body: '['.repeat(60_000) },
  {
    what: 'a gzip bomb',
    code: 'signature_mismatch',
    headers: v2,
    body: gzipSync(new Uint8Array(200 * mebibyte)),
  },
  {
    what: 'sixty signatures under other names',
    code: 'missing_signature',
    headers: many(60, signature),
    body: json,
    macs: 64,
  },
  { what: 'thousands of headers', code: 'missing_signature', headers: many(5_000, signature), body: json, macs: 64 },
  {
    what: 'thousands of headers that say nothing',
    code: 'missing_signature',
    headers: many(5_000, 'x'),
    body: json,
    macs: 0,
  },
  {
    what: 'many signatures in one header',
    code: 'signature_mismatch',
    provider: standardWebhooks(),
    secret: fifty.map((text) => `whsec_${btoa(text.repeat(4))}`),
    headers: {
      'webhook-id': 'msg_1',
      'webhook-timestamp': '1795216193',
      'webhook-signature': Array(100)
        .fill(`v1,${'A'.repeat(43)}=`)
        .join(' '),
    },
    body: json,
    macs: 64,
  },
  {
    what: 'a signature in capitals over a large body',
    code: 'malformed_signature',
    headers: { ...v2, 'x-grantex-signature-v2': 'A'.repeat(64) },
    body: ' '.repeat(mebibyte),
    macs: 4,
  },
  {
    what: 'a header of a mebibyte',
    code: 'malformed_signature',
    headers: { ...v2, 'x-grantex-signature-v2': 'sha256='.repeat(150_000) },
    body: json,
    macs: 0,
  },
];

async function play({ code, headers, body, provider = grantex(), secret = fifty }: Hostile) {
  const bytes = typeof body === 'string' ? new TextEncoder().encode(body) : body;
  const circumstances = {
    provider,
    secrets: () => secretsOf(secret, provider),
    at: Date.now(),
    toleranceSeconds: undefined,
  };
  sizes.length = 0;
  return diagnose(new WebhookError(code, ''), { headers: readHeaders(headers), body: bytes }, circumstances);
}

describe('one diagnosis computes no more than 64 HMACs of a mebibyte', () => {
  it.each(deliveries)('for $what', async ({ macs, ...hostile }) => {
    const { cause } = await play(hostile);
    expect(cause).not.toBe('diagnosis_failed');
    expect(sizes.filter((size) => size > mebibyte)).toEqual([]);
    expect(sizes.length).toBeLessThanOrEqual(64);
    if (macs === undefined) expect(sizes.length).toBeGreaterThan(0);
    else expect(sizes).toHaveLength(macs);
  });

  it('looking at the first 64 headers alone', async () => {
    const late = { 'x-late-signature': signature };
    const after = (count: number): Hostile => ({
      code: 'missing_signature',
      headers: { ...many(count, 'x'), ...late },
      body: json,
    });
    expect(await play(after(63))).toMatchObject({ cause: 'header_renamed' });
    expect(await play(after(64))).toMatchObject({ cause: 'signature_absent' });
  });

  it('for other receivers with many secrets', async () => {
    const secret = fifty.map((text) => `another ${text}`);
    createReceiver({ provider: gravv(), secret, on: {} });
    createReceiver({ provider: gravv(), secret: [...secret].reverse(), on: {} });
    const headers = { 'x-gravv-signature': '0'.repeat(64) };
    expect(await play({ code: 'missing_signature', headers, body: json })).toMatchObject({
      cause: 'other_provider_header',
    });
    expect(sizes).toHaveLength(64);
    await play({ code: 'signature_mismatch', headers: v2, body: json, secret: 'one' });
    expect(sizes).toHaveLength(64);
  });
});
