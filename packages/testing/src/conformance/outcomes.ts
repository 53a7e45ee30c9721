import assert from 'node:assert/strict';
import type { HandlerContext, Provider, WebhookEvent } from '@hookproof/core';
import { sampleEvent, sampleTypes } from '../samples.ts';
import { writtenEvent } from '../signed-delivery.ts';
import { expectOutcome, firstSample, type Serve, withApp } from './app.ts';
import { send } from './exchange.ts';

/** Tests by name. */
export type Tests = [name: string, run: () => Promise<void>][];

/** What becomes of whole deliveries: one test per row of the outcome table that a body which arrived can lead to. */
export function outcomeTests(serve: Serve, provider: Provider): Tests {
  const signsTime = provider.signature.some(({ timestamp }) => timestamp !== undefined);
  const [signatureHeader = ''] = provider.signature[0]?.headers ?? [];

  return [
    [
      'handled: every sample reaches the handler once, typed, with its delivery',
      () =>
        withApp(serve, provider, {}, async (app) => {
          for (const type of sampleTypes(provider)) {
            const delivery = await app.sign(sampleEvent(provider, type));
            const report = await expectOutcome(app, await send(app.url, delivery), 'handled');
            assert.equal(report.type, type);
            const { event, context } = app.calls.at(-1) ?? assert.fail('the handler was not called');
            assert.equal(event.type, type);
            assert.equal(event.provider, provider.name);
            assert.deepEqual(event.envelope, JSON.parse(Buffer.from(delivery.body).toString('utf8')));
            const { body } = context.delivery;
            assert.deepEqual(Buffer.from(body), Buffer.from(delivery.body));
            // Of memory that others share, a handler could read what is theirs.
            assert.deepEqual([body.byteOffset, body.buffer.byteLength], [0, body.length]);
            assert.equal(context.delivery.headers.get(signatureHeader), delivery.headers[signatureHeader]);
            assert.equal(context.key, report.key);
            assert.equal(context.signal.aborted, false);
            assert.notEqual(context.request, undefined);
          }
          assert.equal(app.calls.length, sampleTypes(provider).length);
        }),
    ],
    [
      'handled: strings that stand for numbers and booleans reach the handler as such',
      () =>
        withApp(serve, provider, {}, async (app) => {
          if (provider.name !== 'grantiva') return;
          await send(app.url, await app.sign(sampleEvent(provider, 'device.high_risk')));
          await send(app.url, await app.sign(sampleEvent(provider, 'attestation.completed')));
          const [first, second] = app.calls.map(({ event }) => Object(event.data));
          assert.equal(first.risk_score, 82);
          assert.equal(first.threshold, 75);
          assert.equal(second.is_test, false);
        }),
    ],
    [
      'duplicate: a retry is answered 200 and not handled again',
      () =>
        withApp(serve, provider, {}, async (app) => {
          const delivery = await app.sign();
          await expectOutcome(app, await send(app.url, delivery), 'handled');
          await expectOutcome(app, await send(app.url, delivery), 'duplicate');
          assert.equal(app.calls.length, 1);
        }),
    ],
    [
      'handled twice with dedupe: false',
      () =>
        withApp(serve, provider, { dedupe: false }, async (app) => {
          const delivery = await app.sign();
          await expectOutcome(app, await send(app.url, delivery), 'handled');
          await expectOutcome(app, await send(app.url, delivery), 'handled');
          assert.equal(app.calls.length, 2);
        }),
    ],
    [
      'ignored: a genuine event that no handler wants',
      () =>
        withApp(serve, provider, { on: {} }, async (app) => {
          await expectOutcome(app, await send(app.url, await app.sign()), 'ignored');
        }),
    ],
    [
      'handled: unknown types, even those that name properties of every object',
      () =>
        withApp(serve, provider, {}, async (app) => {
          const types = ['not.yet.invented', 'constructor', '__proto__', 'toString', 'hasOwnProperty'];
          for (const [index, type] of types.entries()) {
            const event = writtenEvent(provider, { id: `unknown-${index}`, type, data: { index } });
            await expectOutcome(app, await send(app.url, await app.sign(event)), 'handled');
            assert.equal(app.calls.at(-1)?.event.type, type);
            assert.deepEqual(app.calls.at(-1)?.event.data, { index });
          }
        }),
    ],
    [
      'busy: a copy that arrives while the first is being handled',
      async () => {
        let started = () => {};
        let finish = () => {};
        const running = new Promise<void>((resolve) => {
          started = resolve;
        });
        const finished = new Promise<void>((resolve) => {
          finish = resolve;
        });
        const handler = async () => {
          started();
          await finished;
        };
        await withApp(serve, provider, { on: { '*': handler } }, async (app) => {
          const delivery = await app.sign();
          const first = send(app.url, delivery);
          await running;
          await expectOutcome(app, await send(app.url, delivery), 'busy');
          finish();
          await expectOutcome(app, await first, 'handled');
          await expectOutcome(app, await send(app.url, delivery), 'duplicate');
        });
      },
    ],
    [
      'missing_signature: no signature header',
      () =>
        withApp(serve, provider, {}, async (app) => {
          const { body } = await app.sign();
          await expectOutcome(
            app,
            await send(app.url, { headers: { 'content-type': 'application/json' }, body }),
            'missing_signature',
          );
          assert.equal(app.calls.length, 0);
        }),
    ],
    [
      'malformed_signature: a header that is not a signature, empty, doubled, very long or not ASCII',
      () =>
        withApp(serve, provider, {}, async (app) => {
          const { body, headers } = await app.sign();
          const genuine = headers[signatureHeader] ?? '';
          const others = ['', 'nonsense', `${genuine}00`, 'x'.repeat(8_000), 'é'.repeat(64), [genuine, genuine]];
          for (const value of provider.signature[0]?.separator === undefined ? others : others.slice(0, 5)) {
            const reply = await send(app.url, { headers: { ...headers, [signatureHeader]: value }, body });
            await expectOutcome(app, reply, 'malformed_signature');
          }
          assert.equal(app.calls.length, 0);
        }),
    ],
    [
      'signature_mismatch: an altered body, another secret, an empty body',
      () =>
        withApp(serve, provider, {}, async (app) => {
          const { body, headers } = await app.sign();
          const altered = Uint8Array.from(body);
          altered[altered.length - 2] = (altered.at(-2) ?? 0) ^ 1;
          await expectOutcome(app, await send(app.url, { headers, body: altered }), 'signature_mismatch');
          await expectOutcome(app, await send(app.url, { headers, body: new Uint8Array() }), 'signature_mismatch');
          const secret = `whsec_${Buffer.from('another secret of enough bytes').toString('base64')}`;
          const forged = await app.sign(firstSample(provider), { secret });
          await expectOutcome(app, await send(app.url, forged), 'signature_mismatch');
          assert.equal(app.calls.length, 0);
        }),
    ],
    [
      `stale_delivery: signed too long ago, or too far in the future${signsTime ? '' : ' (not for this provider: it signs no time)'}`,
      () =>
        withApp(serve, provider, { toleranceSeconds: 60 }, async (app) => {
          for (const seconds of [-120, 120]) {
            const delivery = await app.sign(firstSample(provider), { at: Date.now() + seconds * 1000 });
            await expectOutcome(app, await send(app.url, delivery), signsTime ? 'stale_delivery' : 'handled');
          }
        }),
    ],
    [
      'invalid_body: genuine, but not UTF-8 or not JSON',
      () =>
        withApp(serve, provider, {}, async (app) => {
          for (const body of ['', 'not json', '{"open":', Uint8Array.of(0x7b, 0xff, 0x7d)]) {
            await expectOutcome(app, await send(app.url, await app.sign({ body })), 'invalid_body');
          }
        }),
    ],
    [
      'invalid_event: genuine JSON that is no event',
      () =>
        withApp(serve, provider, {}, async (app) => {
          const events = [{ body: '[]' }, { body: 'null' }, { body: '"text"' }, writtenEvent(provider, { type: 7 })];
          for (const event of events) {
            await expectOutcome(app, await send(app.url, await app.sign(event)), 'invalid_event');
          }
        }),
    ],
    [
      'handler_failed: the provider tries again, and then it is handled',
      async () => {
        const errors = [new Error('a message that must stay here')];
        const seen: string[] = [];
        const handler = (event: WebhookEvent) => {
          seen.push(event.type);
          const error = errors.pop();
          if (error !== undefined) throw error;
        };
        await withApp(serve, provider, { on: { '*': handler } }, async (app) => {
          const delivery = await app.sign();
          const report = await expectOutcome(app, await send(app.url, delivery), 'handler_failed');
          assert.match(String(report.error?.cause), /must stay here/);
          await expectOutcome(app, await send(app.url, delivery), 'handled');
          await expectOutcome(app, await send(app.url, delivery), 'duplicate');
          assert.equal(seen.length, 2);
        });
      },
    ],
    [
      'handler_timeout: the signal aborts, and the provider tries again',
      async () => {
        let runs = 0;
        const handler = (_event: WebhookEvent, { signal }: HandlerContext) => {
          runs += 1;
          if (runs > 1) return undefined;
          return new Promise((_resolve, reject) => signal.addEventListener('abort', () => reject(signal.reason)));
        };
        await withApp(serve, provider, { timeoutMs: 300, on: { '*': handler } }, async (app) => {
          const delivery = await app.sign();
          await expectOutcome(app, await send(app.url, delivery), 'handler_timeout');
          await expectOutcome(app, await send(app.url, delivery), 'handled');
          assert.equal(runs, 2);
        });
      },
    ],
    [
      'secret_unavailable: the secret function gets the request, and the provider tries again when it fails',
      async () => {
        const requests: unknown[] = [];
        const failing = (request: unknown): Promise<string> => {
          requests.push(request);
          return Promise.reject(new Error('vault is sealed'));
        };
        await withApp(serve, provider, { secret: failing }, async (app) => {
          await expectOutcome(app, await send(app.url, await app.sign()), 'secret_unavailable');
          assert.equal(requests.length, 1);
          assert.notEqual(requests[0], undefined);
        });
      },
    ],
    [
      'claims_unavailable: nothing is handled while the claims store is down',
      () => {
        const dedupe = { claim: () => Promise.reject(new Error('store is down')) };
        return withApp(serve, provider, { dedupe }, async (app) => {
          await expectOutcome(app, await send(app.url, await app.sign()), 'claims_unavailable');
          assert.equal(app.calls.length, 0);
        });
      },
    ],
  ];
}
