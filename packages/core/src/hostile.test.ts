import { createHmac } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it, vi } from 'vitest';
import type { HeadersInput } from './bytes/headers.ts';
import type { DeliveryInput } from './handling/progress.ts';
import { signBody } from './proof/sign.ts';
import type { Provider } from './provider.ts';
import { grantex } from './providers/grantex.ts';
import { grantiva } from './providers/grantiva.ts';
import { gravv } from './providers/gravv.ts';
import { standardWebhooks } from './providers/standard-webhooks.ts';
import { createReceiver } from './receiver.ts';
import { type Reply, replyFor } from './report/reply.ts';

const key = Buffer.alloc(32, 3);
const secret = key.toString('base64');
const at = 1_795_216_193;
const providers: readonly Provider[] = [
  grantex(),
  grantex({ signature: 'v1' }),
  grantex({ signature: 'v2' }),
  grantiva(),
  grantiva({ key: 'delivery' }),
  gravv(),
  standardWebhooks(),
];

function receiverOf(provider: Provider) {
  const handler = vi.fn();
  const receiver = createReceiver({
    provider,
    secret,
    now: () => at * 1_000,
    on: { '*': handler },
    onOutcome: () => {},
  });
  return { receiver, handler };
}

/** Every name that any provider looks at, and some that objects have. */
const names = [
  ...providers.flatMap((provider) => provider.signature.flatMap(({ headers }) => headers)),
  ...providers.flatMap((provider) => provider.signature.flatMap(({ timestamp }) => timestamp?.headers ?? [])),
  ...providers.flatMap((provider) => provider.signature.flatMap(({ id }) => id?.headers ?? [])),
  ...['x-grantiva-event', 'x-grantiva-delivery', 'content-length', 'content-encoding', 'content-type'],
  ...['__proto__', 'constructor', 'toString', 'hasOwnProperty', '', ' '],
];

const anyText = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 80 }),
  fc.constantFrom(
    '',
    '0',
    String(at),
    `sha256=${'0'.repeat(64)}`,
    '0'.repeat(64),
    'v1,',
    'identity',
    'gzip',
    'undefined',
  ),
  fc.constant(`v1,${Buffer.alloc(32).toString('base64')}`),
  fc.constant('0'.repeat(65_536)),
);
const anyName = fc.oneof(
  fc.constantFrom(...names),
  fc.constantFrom(...names).map((name) => name.toUpperCase()),
  fc.string({ unit: 'binary', maxLength: 20 }),
);
const anyValue = fc.oneof(anyText, fc.array(anyText, { maxLength: 3 }), fc.constant(undefined));
const anyHeaders: fc.Arbitrary<HeadersInput> = fc.oneof(
  fc.array(fc.tuple(anyName, anyValue), { maxLength: 8 }).map((entries) => Object.fromEntries(entries)),
  fc.array(fc.tuple(anyName, anyText), { maxLength: 8 }),
  fc.array(fc.tuple(anyName, anyText), { maxLength: 8 }).map((entries) => new Map(entries)),
);
const anyBody = fc.oneof(
  fc.uint8Array({ maxLength: 200 }),
  fc.string({ unit: 'binary', maxLength: 200 }),
  fc.json(),
  fc.uint8Array({ maxLength: 50 }).map((bytes) => async () => bytes),
  fc.anything().map((error) => () => Promise.reject(error)),
);

function expectFromTable(reply: Reply): void {
  expect(reply).toBe(replyFor(reply.outcome));
}

describe.each(providers.map((provider, index) => [`${provider.name} ${index}`, provider] as const))(
  'whatever is sent to a receiver of %s',
  { timeout: 60_000 },
  (_name, provider) => {
    it('without a genuine signature gets a reply from the table, and reaches no handler', async () => {
      const { receiver, handler } = receiverOf(provider);
      await fc.assert(
        fc.asyncProperty(anyHeaders, anyBody, async (headers, body) => {
          const reply = await receiver.receive({ headers, body });
          expectFromTable(reply);
          expect(reply.status).toBeGreaterThanOrEqual(400);
          expect(reply.outcome).not.toBe('handler_failed');
        }),
        { numRuns: 300 },
      );
      expect(handler).not.toHaveBeenCalled();
    });

    it('with a genuine signature gets a reply from the table that is no failure of the server', async () => {
      const { receiver } = receiverOf(provider);
      const types = [...Object.keys(provider.events ?? {}), 'constructor', '__proto__', 'customer.kyc.status.x'];
      const anyEvent = fc
        .record(
          {
            type: fc.oneof(fc.constantFrom(...types), fc.jsonValue()),
            id: fc.jsonValue(),
            at: fc.oneof(fc.jsonValue(), fc.constant('2026-11-20T23:09:31Z')),
            data: fc.oneof(
              fc.jsonValue(),
              fc.dictionary(
                fc.constantFrom('device_id', 'risk_score', 'customer_id', 'grantId', 'deviceId', '__proto__'),
                fc.jsonValue(),
              ),
            ),
          },
          { requiredKeys: [] },
        )
        .map(({ type, id, at: time, data }) => {
          const { envelope } = provider;
          const field = (part: unknown, otherwise: string) => (typeof part === 'string' ? part : otherwise);
          return JSON.stringify({
            [field(envelope.type, 'type')]: type,
            [field(envelope.id, 'id')]: id,
            [field(envelope.timestamp, 'at')]: time,
            [field(envelope.data, 'data')]: data,
          });
        });
      const bytes = fc.oneof(anyEvent, fc.json(), fc.string({ unit: 'binary' }), fc.uint8Array());
      await fc.assert(
        fc.asyncProperty(bytes, anyText, async (body, id) => {
          const signedId = /^[\x21-\x2d\x2f-\x7e]{1,256}$/.test(id) ? id : 'msg_1';
          const headers = {
            'x-grantiva-event': id,
            'x-grantiva-delivery': id,
            ...(await signBody(provider, { body, secret, id: signedId, timestamp: at })),
          };
          const reply = await receiver.receive({ headers, body });
          expectFromTable(reply);
          expect(['handled', 'duplicate', 'invalid_body', 'invalid_event']).toContain(reply.outcome);
        }),
        { numRuns: 300 },
      );
    });
  },
);

describe('a receiver never throws', () => {
  const { receiver, handler } = receiverOf(grantiva());
  const body = '{"event":"webhook.test","data":{}}';
  const mac = createHmac('sha256', secret).update(body).digest('hex');

  it.each<[what: string, headers: unknown]>([
    ['64 KiB in a header', { 'x-grantiva-signature': `sha256=${'a'.repeat(65_536)}` }],
    ['64 KiB of separators', { 'x-grantiva-signature': ','.repeat(65_536) }],
    ['a header that is not ASCII', { 'x-grantiva-signature': 'sha256=é\u0000\ud800' }],
    ['a header that came twice', { 'x-grantiva-signature': [`sha256=${mac}`, `sha256=${mac}`] }],
    ['an empty array', { 'x-grantiva-signature': [] }],
    ['a header that came in two cases', { 'X-Grantiva-Signature': `sha256=${mac}`, 'x-grantiva-signature': 'x' }],
    ['undefined', { 'x-grantiva-signature': undefined }],
    ['null', { 'x-grantiva-signature': null }],
    ['a number', { 'x-grantiva-signature': 5 }],
    ['an object', { 'x-grantiva-signature': { toString: 'no function' } }],
    ['a symbol', { 'x-grantiva-signature': Symbol('sha256') }],
    ['an object without a prototype', Object.create(null)],
    ['pairs that are none', [['x-grantiva-signature'], [], null]],
    ['no headers', undefined],
    ['headers that are null', null],
    ['headers that are text', 'x-grantiva-signature: sha256'],
  ])('for %s', async (_what, headers) => {
    const reply = await receiver.receive({ headers: headers as HeadersInput, body });
    expectFromTable(reply);
    expect(reply.status).toBeGreaterThanOrEqual(400);
    expect(handler).not.toHaveBeenCalled();
  });

  it.each<[what: string, input: unknown]>([
    ['nothing', undefined],
    ['null', null],
    ['an empty object', {}],
    [
      'an object that throws',
      {
        get headers() {
          throw new Error('boom');
        },
      },
    ],
  ])('for %s in place of a delivery', async (_what, input) => {
    const reply = await receiver.receive(input as DeliveryInput<Request>);
    expectFromTable(reply);
    expect(reply.status).toBeGreaterThanOrEqual(400);
  });

  it.each<[what: string, body: string]>([
    ['nothing', ''],
    ['500,000 brackets', '['.repeat(500_000)],
    ['200,000 brackets that end', `{"event":"a","data":${'['.repeat(200_000)}${']'.repeat(200_000)}}`],
    [
      '200,000 brackets and __proto__',
      `{"__proto__":1,"event":"a","data":${'['.repeat(200_000)}${']'.repeat(200_000)}}`,
    ],
    ['a number of 500,000 digits', '9'.repeat(500_000)],
    ['a huge exponent', '{"event":"device.high_risk","data":{"device_id":"","risk_score":1e999999}}'],
    [
      'a huge number in a string',
      `{"event":"device.high_risk","data":{"device_id":"","risk_score":"${'9'.repeat(400)}"}}`,
    ],
    ['500,000 quotes', '"'.repeat(500_000)],
    ['500,000 escapes', `"${'\\u005f'.repeat(80_000)}"`],
    ['an array', '[]'],
    ['null', 'null'],
    ['a number', '0'],
  ])('for a genuine body of %s', async (_what, text) => {
    const { receiver: fresh } = receiverOf(grantiva());
    const signed = createHmac('sha256', secret).update(text).digest('hex');
    const reply = await fresh.receive({ headers: { 'x-grantiva-signature': `sha256=${signed}` }, body: text });
    expectFromTable(reply);
    expect(['handled', 'invalid_body', 'invalid_event']).toContain(reply.outcome);
  });
});

describe('headers of any kind reach a genuine delivery', () => {
  const body = '{"event":"webhook.test","data":{}}';
  const signature = `sha256=${createHmac('sha256', secret).update(body).digest('hex')}`;
  it.each<[what: string, headers: HeadersInput]>([
    ['in lower case', { 'x-grantiva-signature': signature }],
    ['in upper case', { 'X-GRANTIVA-SIGNATURE': signature }],
    ['in an array of one', { 'X-Grantiva-Signature': [signature] }],
    ['in the Headers of fetch', new Headers({ 'X-Grantiva-Signature': signature })],
    ['in a Map', new Map([['X-Grantiva-Signature', signature]])],
    ['in pairs', [['X-Grantiva-Signature', signature]]],
    ['among undefined ones', { a: undefined, 'x-grantiva-signature': signature, b: undefined }],
    ['in an object without a prototype', Object.assign(Object.create(null), { 'x-grantiva-signature': signature })],
  ])('%s', async (_what, headers) => {
    const { receiver, handler } = receiverOf(grantiva());
    expect((await receiver.receive({ headers, body })).outcome).toBe('handled');
    expect(handler).toHaveBeenCalledOnce();
  });
});
