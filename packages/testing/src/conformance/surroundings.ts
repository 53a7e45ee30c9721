import assert from 'node:assert/strict';
import type { Provider } from '@hookproof/core';
import { expectOutcome, firstSample, type Serve, withApp } from './app.ts';
import { send } from './exchange.ts';
import type { Tests } from './outcomes.ts';

/** What an app shows in which another function stands in the place of the adapter's. */
export function wrappedTests(serve: Serve, provider: Provider): Tests {
  return [
    [
      'wrapped: genuine is handled once, and forged is refused',
      () =>
        withApp(serve, provider, {}, async (app) => {
          const delivery = await app.sign();
          await expectOutcome(app, await send(app.url, delivery), 'handled');
          await expectOutcome(app, await send(app.url, delivery), 'duplicate');
          const secret = `whsec_${Buffer.from('another secret of enough bytes').toString('base64')}`;
          const forged = await app.sign(firstSample(provider), { secret });
          await expectOutcome(app, await send(app.url, forged), 'signature_mismatch');
          assert.equal(app.calls.length, 1);
        }),
    ],
  ];
}

/** What an app shows in which something throws when the adapter looks for a parsed body. */
export function throwingTests(serve: Serve, provider: Provider): Tests {
  return [
    [
      'handled: a parsed body that throws when it is looked at does no harm',
      () =>
        withApp(serve, provider, {}, async (app) => {
          await expectOutcome(app, await send(app.url, await app.sign()), 'handled');
          await expectOutcome(app, await send(app.url, await app.sign({ body: 'not json' })), 'invalid_body');
        }),
    ],
  ];
}
