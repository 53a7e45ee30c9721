import assert from 'node:assert/strict';
import { Agent } from 'node:http';
import type { Provider } from '@hookproof/core';
import { writtenEvent } from '../signed-delivery.ts';
import { expectOutcome, type Serve, withApp } from './app.ts';
import { hangUp, send, sendStart } from './exchange.ts';
import type { Tests } from './outcomes.ts';

/** How a delivery arrives: methods, sizes, chunks, encodings, stalls and broken connections. */
export function transportTests(serve: Serve, provider: Provider): Tests {
  return [
    [
      'handled: a body in many small chunks',
      () =>
        withApp(serve, provider, {}, async (app) => {
          const delivery = await app.sign();
          await expectOutcome(app, await send(app.url, delivery, 50), 'handled');
        }),
    ],
    [
      'handled: bytes outside ASCII, unescaped',
      () =>
        withApp(serve, provider, {}, async (app) => {
          const data = { text: 'héllo 🎣 \u2028 $& $1 $$' };
          const event = writtenEvent(provider, { id: 'unicode', type: 'text', data });
          await expectOutcome(app, await send(app.url, await app.sign(event), 7), 'handled');
          assert.deepEqual(app.calls[0]?.event.data, { text: 'héllo 🎣 \u2028 $& $1 $$' });
        }),
    ],
    [
      'handled: whatever the case of header names and the content type',
      () =>
        withApp(serve, provider, { dedupe: false }, async (app) => {
          const { headers, body } = await app.sign();
          const { 'content-type': _json, ...signed } = headers;
          const upper = Object.fromEntries(Object.entries(headers).map(([name, value]) => [name.toUpperCase(), value]));
          await expectOutcome(app, await send(app.url, { headers: upper, body }), 'handled');
          await expectOutcome(app, await send(app.url, { headers: signed, body }), 'handled');
          for (const type of [
            'text/plain',
            'application/x-www-form-urlencoded',
            'application/cloudevents+json',
            ';;',
          ]) {
            const reply = await send(app.url, { headers: { ...signed, 'content-type': type }, body }, 3);
            await expectOutcome(app, reply, 'handled');
          }
        }),
    ],
    [
      'method_not_allowed: anything but POST',
      () =>
        withApp(serve, provider, {}, async (app) => {
          for (const method of ['GET', 'PUT', 'DELETE', 'PATCH', 'OPTIONS']) {
            const { headers, body } = method === 'GET' ? { headers: {}, body: new Uint8Array() } : await app.sign();
            await expectOutcome(app, await send(app.url, { method, headers, body }), 'method_not_allowed');
          }
        }),
    ],
    [
      'body_too_large: by content-length, and by counting where there is none',
      () =>
        withApp(serve, provider, { maxBodyBytes: 4_096 }, async (app) => {
          const fits = { body: ' '.repeat(4_096) };
          const large = await app.sign({ body: ' '.repeat(4_097) });
          await expectOutcome(app, await send(app.url, await app.sign(fits)), 'invalid_body');
          await expectOutcome(app, await send(app.url, large), 'body_too_large');
          await expectOutcome(app, await send(app.url, large, 9), 'body_too_large');
          await expectOutcome(app, await send(app.url, await app.sign()), 'handled');
        }),
    ],
    [
      'handled: the next delivery of a sender that keeps its connection, whatever became of the last',
      () =>
        withApp(serve, provider, { maxBodyBytes: 4_096 }, async (app) => {
          const agent = new Agent({ keepAlive: true, maxSockets: 1 });
          try {
            const large = await app.sign({ body: ' '.repeat(500_000) });
            for (const [delivery, chunks, outcome] of [
              [large, undefined, 'body_too_large'],
              [large, 40, 'body_too_large'],
              [{ ...large, method: 'PUT' }, undefined, 'method_not_allowed'],
              [{ ...(await app.sign()), method: 'PUT' }, undefined, 'method_not_allowed'],
              [{ ...large, headers: { ...large.headers, 'content-encoding': 'gzip' } }, 40, 'unsupported_encoding'],
            ] as const) {
              await expectOutcome(app, await send(app.url, delivery, chunks, agent), outcome);
              await expectOutcome(app, await send(app.url, await app.sign(), undefined, agent), 'handled');
            }
          } finally {
            agent.destroy();
          }
        }),
    ],
    [
      'body_timeout: a sender that stalls gets its answer',
      () =>
        withApp(serve, provider, { bodyTimeoutMs: 300 }, async (app) => {
          await expectOutcome(app, await sendStart(app.url, await app.sign(), 10), 'body_timeout');
          await expectOutcome(app, await send(app.url, await app.sign()), 'handled');
        }),
    ],
    [
      'body_incomplete: a sender that hangs up leaves no trace but the report',
      () =>
        withApp(serve, provider, {}, async (app) => {
          await hangUp(app.url, await app.sign(), 10);
          const report = await app.nextReport();
          assert.equal(report.outcome, 'body_incomplete');
          assert.equal(app.calls.length, 0);
          await expectOutcome(app, await send(app.url, await app.sign()), 'handled');
        }),
    ],
    [
      'unsupported_encoding: a compressed body; identity is none',
      () =>
        withApp(serve, provider, { bodyTimeoutMs: 60_000 }, async (app) => {
          for (const encoding of ['gzip', 'br', 'x-unknown']) {
            const { headers, body } = await app.sign();
            const reply = await send(app.url, { headers: { ...headers, 'content-encoding': encoding }, body });
            await expectOutcome(app, reply, 'unsupported_encoding');
          }
          // Whatever unpacks it may wait for the end, so that nobody waits for the bytes.
          const { headers, body } = await app.sign();
          const start = await sendStart(app.url, { headers: { ...headers, 'content-encoding': 'gzip' }, body }, 10);
          await expectOutcome(app, start, 'unsupported_encoding');
          const reply = await send(app.url, { headers: { ...headers, 'content-encoding': 'Identity' }, body });
          await expectOutcome(app, reply, 'handled');
        }),
    ],
  ];
}

/** What an app shows in which something has paused the request before it came to the adapter. */
export function pausedTests(serve: Serve, provider: Provider): Tests {
  return [
    [
      'handled: a request that an earlier part of the app has paused, in one piece and in many',
      () =>
        withApp(serve, provider, {}, async (app) => {
          await expectOutcome(app, await send(app.url, await app.sign()), 'handled');
          await expectOutcome(app, await send(app.url, await app.sign(), 50), 'handled');
          await expectOutcome(app, await send(app.url, await app.sign({ body: ' '.repeat(500_000) })), 'invalid_body');
        }),
    ],
  ];
}

/** What an app shows in which something read the body before the adapter could, or decodes it on its way there. */
export function consumedTests(serve: Serve, provider: Provider, how = ''): Tests {
  return [
    [
      `body_consumed${how}: answered at once, and the report says what to correct`,
      () =>
        withApp(serve, provider, {}, async (app) => {
          const report = await expectOutcome(app, await send(app.url, await app.sign()), 'body_consumed');
          assert.match(report.error?.message ?? '', /before Hookproof/);
          assert.equal(app.calls.length, 0);
        }),
    ],
  ];
}

/** What an app shows in which something makes text of the body on its way to the adapter. */
export function decodedTests(serve: Serve, provider: Provider): Tests {
  return consumedTests(serve, provider, ' by text');
}
