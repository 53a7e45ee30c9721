/** What a user's own test looks like: run with `node --test`, without vitest. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer } from 'node:http';
import { after, test } from 'node:test';
import { grantex } from '@hookproof/core';
import { grantexWebhooks } from '@hookproof/express';
import { simulateProvider } from '@hookproof/testing/simulator';

const secret = 'a secret for tests';
const revoked: string[] = [];
let failures = 2;

const server = createServer(
  grantexWebhooks({
    secret,
    on: {
      'grant.revoked': ({ data }) => {
        failures--;
        if (failures >= 0) throw new Error('the policy engine is down');
        revoked.push(data.grantId);
      },
    },
    onOutcome: () => undefined,
  }),
);
await once(server.listen(0, '127.0.0.1'), 'listening');
const address = server.address();
const port = typeof address === 'object' ? address?.port : undefined;
const url = `http://127.0.0.1:${port}/webhooks/grantex`;
const sender = simulateProvider(grantex(), { url, secret, speed: Number.POSITIVE_INFINITY });
after(async () => {
  await sender.close();
  server.close();
});

test('a grant is revoked once the policy engine is back', async () => {
  const event = { type: 'grant.revoked', data: { grantId: 'grnt_1', cascade: true } } as const;
  const { state, retries, attempts } = await sender.send(event);
  assert.deepEqual([state, retries], ['delivered', 2]);
  assert.deepEqual(
    attempts.map(({ status, nextDelayMs }) => [status, nextDelayMs]),
    [
      [500, 30_000],
      [500, 60_000],
      [200, undefined],
    ],
  );
  assert.deepEqual(revoked, ['grnt_1']);
});

test('a forged one is refused', async () => {
  const { state, attempts } = await sender.send('grant.revoked', { faults: { wrongSecret: true } });
  assert.equal(state, 'failed');
  assert.deepEqual(new Set(attempts.map(({ status }) => status)), new Set([401]));
});
