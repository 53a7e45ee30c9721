import { createHmac } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { encode } from './bytes/encoding.ts';
import { signBody } from './proof/sign.ts';
import { defineProvider } from './provider.ts';
import { grantex } from './providers/grantex.ts';
import { grantiva } from './providers/grantiva.ts';
import { standardWebhooks } from './providers/standard-webhooks.ts';
import { verifyDelivery, verifySignature } from './verify.ts';

const secret = 'a secret for tests';
const timestamp = 1_795_216_193;
const body =
  '{"id":"evt_1","type":"grant.revoked","createdAt":"2026-11-20T23:09:31.349Z","data":{"grantId":"grnt_1","cascade":true}}';
const hmacHex = (text: string) => createHmac('sha256', secret).update(text).digest('hex');
const v1 = `sha256=${hmacHex(body)}`;
const v2 = `sha256=${hmacHex(`${timestamp}.${body}`)}`;
const now = () => timestamp * 1_000;

describe('verifySignature', () => {
  it('is true for the bytes that were signed, as text and as bytes', async () => {
    expect(await verifySignature(grantex(), { body, signature: v1, secret })).toBe(true);
    expect(await verifySignature(grantex(), { body: encode(body), signature: v1, secret })).toBe(true);
  });

  it('is false for another body, another secret and another signature', async () => {
    expect(await verifySignature(grantex(), { body: `${body} `, signature: v1, secret })).toBe(false);
    expect(await verifySignature(grantex(), { body, signature: v1, secret: 'another' })).toBe(false);
    expect(await verifySignature(grantex(), { body, signature: v2, secret })).toBe(false);
  });

  it('is false where there is no signature', async () => {
    expect(await verifySignature(grantex(), { body, signature: undefined, secret })).toBe(false);
    expect(await verifySignature(grantex(), { body, signature: '', secret })).toBe(false);
  });

  it('checks the scheme that signs just what is given: with a timestamp V2, without one the legacy', async () => {
    const time = String(timestamp);
    expect(await verifySignature(grantex(), { body, signature: v2, timestamp: time, secret })).toBe(true);
    expect(await verifySignature(grantex(), { body, signature: v1, timestamp: time, secret })).toBe(false);
    expect(await verifySignature(grantex(), { body, signature: v2, timestamp: '1795216194', secret })).toBe(false);
    expect(await verifySignature(grantex(), { body, signature: v2, timestamp: '', secret })).toBe(false);
  });

  it('takes the time out of a header that holds more, such as that of Stripe', async () => {
    const stripe = defineProvider({
      name: 'stripe',
      signature: {
        header: 'stripe-signature',
        encoding: 'hex',
        prefix: 'v1=',
        separator: ',',
        signs: '{timestamp}.{body}',
        timestamp: { header: 'stripe-signature', prefix: 't=' },
      },
      envelope: { id: 'id', type: 'type', data: 'data' },
    });
    const time = String(timestamp);
    const header = `t=${time},v1=${hmacHex(`${time}.${body}`)},v0=${'0'.repeat(64)}`;
    for (const given of [header, time, `t=${time}`]) {
      expect(await verifySignature(stripe, { body, signature: header, timestamp: given, secret })).toBe(true);
    }
    for (const given of [header.replace(time, '1'), '1', `t=${time} `, `v0=${time}`, '']) {
      expect(await verifySignature(stripe, { body, signature: header, timestamp: given, secret })).toBe(false);
    }
  });

  it('takes a time that became a number', async () => {
    const options = { body, signature: v2, timestamp, secret };
    expect(await Reflect.apply(verifySignature, undefined, [grantex(), options])).toBe(true);
  });

  it('does not judge freshness', async () => {
    const signature = `sha256=${hmacHex(`1.${body}`)}`;
    expect(await verifySignature(grantex(), { body, signature, timestamp: '1', secret })).toBe(true);
  });

  it('throws body_consumed for a parsed object, which no sender can cause', async () => {
    const parsed: string = JSON.parse(body);
    await expect(verifySignature(grantex(), { body: parsed, signature: v1, secret })).rejects.toMatchObject({
      code: 'body_consumed',
    });
  });

  it('takes a list of secrets', async () => {
    expect(await verifySignature(grantex(), { body, signature: v1, secret: ['new', secret] })).toBe(true);
    expect(await verifySignature(grantex(), { body, signature: v1, secret: ['new', 'newer'] })).toBe(false);
  });

  it('never turns to another scheme because a sender left a header out', async () => {
    const stripped = { body, signature: v1, secret };
    expect(await verifySignature(grantex(), { ...stripped, timestamp: undefined })).toBe(false);
    expect(await verifySignature(grantex({ signature: 'v2' }), { ...stripped, timestamp: undefined })).toBe(false);
    const key = Buffer.alloc(32, 1);
    const nothing = { id: undefined, timestamp: undefined };
    expect(await verifySignature(standardWebhooks(), { body, signature: 'v1,', secret: key, ...nothing })).toBe(false);
  });

  it('wants what the scheme signs, and says so', async () => {
    const key = Buffer.alloc(32, 1);
    await expect(verifySignature(standardWebhooks(), { body, signature: 'v1,', secret: key })).rejects.toMatchObject({
      code: 'invalid_options',
      message: expect.stringMatching(/^standard-webhooks signs body, id, timestamp: /),
    });
    await expect(verifySignature(grantex(), { body, signature: v1, secret, id: 'evt_1' })).rejects.toMatchObject({
      code: 'invalid_options',
      message: expect.stringMatching(/^grantex signs body, timestamp, or body: /),
    });
    await expect(verifySignature(grantex({ signature: 'v2' }), { body, signature: v2, secret })).rejects.toMatchObject({
      code: 'invalid_options',
    });
  });

  it('checks what Standard Webhooks sends', async () => {
    const key = Buffer.alloc(32, 1);
    const signature = `v1,${createHmac('sha256', key).update(`msg_1.${timestamp}.${body}`).digest('base64')}`;
    const options = { body, signature, secret: key, id: 'msg_1', timestamp: String(timestamp) };
    expect(await verifySignature(standardWebhooks(), options)).toBe(true);
    expect(await verifySignature(standardWebhooks(), { ...options, id: 'msg_2' })).toBe(false);
    expect(await verifySignature(standardWebhooks(), { ...options, id: 'msg_1.1' })).toBe(false);
  });

  it('is false for whatever else a sender may put into the headers', { timeout: 60_000 }, async () => {
    const text = fc.string({ unit: 'binary', maxLength: 100 });
    await fc.assert(
      fc.asyncProperty(text, text, async (signature, time) => {
        expect(await verifySignature(grantex(), { body, signature, secret })).toBe(false);
        expect(await verifySignature(grantex(), { body, signature, timestamp: time, secret })).toBe(false);
        expect(await verifySignature(grantex(), { body, signature: v2, timestamp: time, secret })).toBe(false);
      }),
    );
  });
});

describe('verifyDelivery', () => {
  const headers = { 'X-Grantex-Signature-V2': v2, 'X-Grantex-Timestamp': String(timestamp) };

  it('gives the typed event', async () => {
    expect(await verifyDelivery(grantex(), { headers, body, secret, now })).toEqual({
      provider: 'grantex',
      id: 'evt_1',
      type: 'grant.revoked',
      timestamp: new Date('2026-11-20T23:09:31.349Z'),
      data: { grantId: 'grnt_1', cascade: true },
      envelope: JSON.parse(body),
    });
  });

  it('reads the Headers of fetch and bytes', async () => {
    const delivery = { headers: new Headers(headers), body: encode(body), secret, now };
    expect(await verifyDelivery(grantex(), delivery)).toMatchObject({ id: 'evt_1' });
  });

  it('uses toleranceSeconds and the clock', async () => {
    const late = { headers, body, secret, now: () => now() + 10_000 };
    expect(await verifyDelivery(grantex(), { ...late, toleranceSeconds: 10 })).toMatchObject({ id: 'evt_1' });
    await expect(verifyDelivery(grantex(), { ...late, toleranceSeconds: 9 })).rejects.toMatchObject({
      code: 'stale_delivery',
    });
  });

  it('uses the clock of the machine where none is given', async () => {
    await expect(verifyDelivery(grantex(), { headers, body, secret, toleranceSeconds: 1 })).rejects.toMatchObject({
      code: 'stale_delivery',
    });
  });

  it.each([
    ['missing_signature', { headers: {} }],
    ['malformed_signature', { headers: { ...headers, 'X-Grantex-Signature-V2': 'v2' } }],
    ['signature_mismatch', { secret: 'another' }],
    ['signature_mismatch', { body: '' }],
  ])('throws %s', async (code, wrong) => {
    const delivery = { headers, body, secret, now, ...wrong };
    await expect(verifyDelivery(grantex(), delivery)).rejects.toMatchObject({ name: 'WebhookError', code });
  });

  it('throws body_consumed for a parsed object', async () => {
    const parsed: string = JSON.parse(body);
    await expect(verifyDelivery(grantex(), { headers, body: parsed, secret, now })).rejects.toMatchObject({
      code: 'body_consumed',
    });
  });

  it('throws invalid_body and invalid_event for what is genuine', async () => {
    const send = async (text: string) =>
      verifyDelivery(grantiva(), {
        headers: { 'x-grantiva-signature': `sha256=${hmacHex(text)}` },
        body: text,
        secret,
      });
    await expect(send('not JSON')).rejects.toMatchObject({ code: 'invalid_body' });
    await expect(send('{}')).rejects.toMatchObject({ code: 'invalid_event' });
  });
});

describe('signBody', () => {
  it('makes the headers that node:crypto makes, for every scheme of the provider', async () => {
    expect(await signBody(grantex(), { body, secret, id: 'evt_1', timestamp })).toEqual({
      'x-grantex-signature': v1,
      'x-grantex-signature-v2': v2,
      'x-grantex-timestamp': String(timestamp),
    });
  });

  it('signs bytes as it signs the text they stand for', async () => {
    const options = { secret, id: 'evt_1', timestamp };
    expect(await signBody(grantex(), { ...options, body: encode(body) })).toEqual(
      await signBody(grantex(), { ...options, body }),
    );
  });

  it('signs the id and the time where the scheme does', async () => {
    const key = Buffer.alloc(24, 3);
    const mac = createHmac('sha256', key).update(`msg_1.${timestamp}.${body}`).digest('base64');
    expect(await signBody(standardWebhooks(), { body, secret: key, id: 'msg_1', timestamp })).toEqual({
      'webhook-id': 'msg_1',
      'webhook-timestamp': String(timestamp),
      'webhook-signature': `v1,${mac}`,
    });
  });

  it('refuses an unusable secret', async () => {
    await expect(signBody(grantex(), { body, secret: '', id: 'evt_1', timestamp })).rejects.toMatchObject({
      code: 'invalid_options',
    });
  });
});
