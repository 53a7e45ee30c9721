import { createHmac } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import * as z from 'zod';
import { WebhookError } from '../error.ts';
import { createReceiver } from '../receiver.ts';
import type { OutcomeReport } from '../report/outcome.ts';
import { verifyDelivery } from '../verify.ts';
import { standardWebhooks } from './standard-webhooks.ts';

const key = Buffer.from('0123456789abcdef0123456789abcdef');
const secret = `whsec_${key.toString('base64')}`;
const time = 1_795_216_193;
const id = 'msg_p5jXN8AQM9LWM0D4loKWxJek';
const body = '{"type":"user.created","timestamp":"2026-11-20T23:09:31Z","data":{"id":"user_1"}}';

// Signed by node:crypto and by hand, after the specification:
// https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md
const macOf = (text: string, with_ = key) =>
  createHmac('sha256', with_).update(`${id}.${time}.`).update(text).digest('base64');

interface Sent {
  readonly prefix?: string;
  readonly body?: string;
  readonly signature?: string;
  readonly secret?: string | Uint8Array | readonly (string | Uint8Array)[];
}

function read({ prefix = 'webhook', body: text = body, signature = `v1,${macOf(text)}`, secret: given }: Sent = {}) {
  const headers = {
    [`${prefix}-id`]: id,
    [`${prefix}-timestamp`]: String(time),
    [`${prefix}-signature`]: signature,
  };
  return verifyDelivery(standardWebhooks(), { headers, body: text, secret: given ?? secret, now: () => time * 1_000 });
}

async function codeOf(sent: Sent): Promise<string> {
  const error = await read(sent).catch((thrown: unknown) => thrown);
  return error instanceof WebhookError ? error.code : 'genuine';
}

describe('a delivery of Standard Webhooks', () => {
  it('is an event whose id is the signed one', async () => {
    expect(await read()).toEqual({
      provider: 'standard-webhooks',
      id,
      type: 'user.created',
      timestamp: new Date('2026-11-20T23:09:31Z'),
      data: { id: 'user_1' },
      envelope: JSON.parse(body),
    });
  });

  it('is genuine by the vector that the reference libraries test with', async () => {
    const headers = {
      'webhook-id': 'msg_p5jXN8AQM9LWM0D4loKWxJek',
      'webhook-timestamp': '1614265330',
      'webhook-signature': 'v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=',
    };
    const event = await verifyDelivery(standardWebhooks(), {
      headers,
      body: '{"test": 2432232314}',
      secret: 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw',
      now: () => 1_614_265_330_000,
    });
    expect(event).toMatchObject({ id: 'msg_p5jXN8AQM9LWM0D4loKWxJek', data: { test: 2432232314 } });
  });

  it('may have headers with the prefix svix-', async () => {
    expect(await codeOf({ prefix: 'svix' })).toBe('genuine');
    expect(await codeOf({ prefix: 'Svix' })).toBe('genuine');
    expect(await codeOf({ prefix: 'hook' })).toBe('missing_signature');
  });

  it('may have several signatures, of which one is good', async () => {
    const other = macOf(body, Buffer.alloc(32));
    expect(await codeOf({ signature: `v1,${other} v1,${macOf(body)}` })).toBe('genuine');
    expect(await codeOf({ signature: `v1,${macOf(body)} v1,${other}` })).toBe('genuine');
    expect(await codeOf({ signature: `v1,${other} v1,${other}` })).toBe('signature_mismatch');
  });

  it('may have signatures of other versions, which are ignored', async () => {
    const ed25519 = `v1a,${Buffer.alloc(64).toString('base64')}`;
    expect(await codeOf({ signature: `${ed25519} v1,${macOf(body)}` })).toBe('genuine');
    expect(await codeOf({ signature: ed25519 })).toBe('malformed_signature');
    expect(await codeOf({ signature: `v1a,${macOf(body)}` })).toBe('malformed_signature');
    expect(await codeOf({ signature: `v2,${macOf(body)}` })).toBe('malformed_signature');
    expect(await codeOf({ signature: macOf(body) })).toBe('malformed_signature');
  });

  it('is a mismatch where another body was signed', async () => {
    expect(await codeOf({ signature: `v1,${macOf(`${body} `)}` })).toBe('signature_mismatch');
  });
});

describe('the secret of Standard Webhooks', () => {
  it('is decoded, with its prefix or without, or given as bytes', async () => {
    for (const given of [
      secret,
      key.toString('base64'),
      key,
      [secret],
      [`whsec_${Buffer.alloc(24, 1).toString('base64')}`, key],
    ]) {
      expect(await codeOf({ secret: given })).toBe('genuine');
    }
  });

  it('is not used as text', async () => {
    expect(await codeOf({ signature: `v1,${macOf(body, Buffer.from(secret))}` })).toBe('signature_mismatch');
  });

  it('may have 24 bytes, and no fewer', async () => {
    const short = Buffer.alloc(24, 1);
    const given = `whsec_${short.toString('base64')}`;
    expect(await codeOf({ secret: given, signature: `v1,${macOf(body, short)}` })).toBe('genuine');
    expect(await codeOf({ secret: `whsec_${short.subarray(1).toString('base64')}` })).toBe('invalid_options');
  });
});

describe('a body of Standard Webhooks', () => {
  it('without a type is an event of type untyped, with the whole body as data', async () => {
    const untyped = '{"hello":"world","timestamp":1795216193}';
    expect(await read({ body: untyped })).toEqual({
      provider: 'standard-webhooks',
      id,
      type: 'untyped',
      timestamp: new Date(time * 1_000),
      data: { hello: 'world', timestamp: 1_795_216_193 },
      envelope: { hello: 'world', timestamp: 1_795_216_193 },
    });
    expect(await read({ body: '{}' })).toMatchObject({ type: 'untyped', data: {}, timestamp: undefined });
    expect(await read({ body: '{"type":null}' })).toMatchObject({ type: 'untyped' });
  });

  it('with a type that is not text is invalid_event', async () => {
    expect(await codeOf({ body: '{"type":5}' })).toBe('invalid_event');
    expect(await codeOf({ body: '{"type":""}' })).toBe('invalid_event');
  });

  it('that is no object is invalid_event, and no JSON invalid_body', async () => {
    expect(await codeOf({ body: '[]' })).toBe('invalid_event');
    expect(await codeOf({ body: 'hello' })).toBe('invalid_body');
  });

  it('with an id of its own does not change the id of the event', async () => {
    expect(await read({ body: '{"type":"a","id":"another"}' })).toMatchObject({ id });
  });
});

describe('a provider made with standardWebhooks', () => {
  it('has the name it is given', () => {
    expect(standardWebhooks().name).toBe('standard-webhooks');
    expect(standardWebhooks({ name: 'clerk' }).name).toBe('clerk');
  });

  it('checks data by the events it is given', async () => {
    const provider = standardWebhooks({ name: 'clerk', events: { 'user.created': z.looseObject({ id: z.string() }) } });
    const send = (text: string) => {
      const signature = `v1,${macOf(text)}`;
      const headers = { 'webhook-id': id, 'webhook-timestamp': String(time), 'webhook-signature': signature };
      return verifyDelivery(provider, { headers, body: text, secret, now: () => time * 1_000 });
    };
    expect(await send(body)).toMatchObject({ provider: 'clerk', data: { id: 'user_1' } });
    await expect(send('{"type":"user.created","data":{"id":5}}')).rejects.toMatchObject({ code: 'invalid_event' });
    expect(await send('{"type":"user.deleted","data":{"id":5}}')).toMatchObject({ data: { id: 5 } });
  });
});

describe('the key of Standard Webhooks', () => {
  it('is the signed id, whatever the body says', async () => {
    const reports: OutcomeReport[] = [];
    const receiver = createReceiver({
      provider: standardWebhooks(),
      secret,
      now: () => time * 1_000,
      on: { '*': () => {} },
      onOutcome: (report) => reports.push(report),
    });
    for (const [messageId, text] of [
      ['msg_1', body],
      ['msg_1', body],
      ['msg_2', body],
      ['msg_1', '{}'],
    ] as const) {
      const mac = createHmac('sha256', key).update(`${messageId}.${time}.${text}`).digest('base64');
      const headers = { 'webhook-id': messageId, 'webhook-timestamp': String(time), 'webhook-signature': `v1,${mac}` };
      await receiver.receive({ headers, body: text });
    }
    expect(reports.map(({ outcome, key: of }) => `${outcome} ${of}`)).toEqual([
      'handled msg_1',
      'duplicate msg_1',
      'handled msg_2',
      'duplicate msg_1',
    ]);
  });
});
