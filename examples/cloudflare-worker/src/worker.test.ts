import { grantex, gravv } from '@hookproof/core';
import { sampleEvent, signedDelivery } from '@hookproof/testing';
import { expect, it } from 'vitest';
import worker from './worker.ts';

// In Node, with bindings made here. In workerd, and from packed packages, it runs in `pnpm runtimes`.
const secret = 'a secret for tests';

function bindings() {
  const grants = new Map<string, string>();
  const REVOKED_GRANTS = {
    get: async (key: string) => grants.get(key) ?? null,
    put: async (key: string, value: string) => void grants.set(key, value),
  };
  return { GRANTEX_SECRET: secret, GRAVV_SECRET: secret, REVOKED_GRANTS };
}

it('remembers a revoked grant in its namespace', async () => {
  const env = bindings();
  const event = { type: 'grant.revoked', data: { grantId: 'grnt_1', cascade: true } } as const;
  const delivery = await signedDelivery(grantex(), event, { secret });

  expect(await (await worker.request('/grants/grnt_1', {}, env)).json()).toMatchObject({ revoked: false });
  const reply = await worker.request('/webhooks/grantex', delivery.request, env);
  expect([reply.status, await reply.json()]).toEqual([200, { outcome: 'handled' }]);
  expect(await (await worker.request('/grants/grnt_1', {}, env)).json()).toMatchObject({ revoked: true });
});

it('takes each provider’s secret from the bindings', async () => {
  const delivery = await signedDelivery(gravv(), sampleEvent(gravv(), 'transfer.status.completed'), { secret });
  const env = { ...bindings(), GRAVV_SECRET: 'another secret' };
  expect((await worker.request('/webhooks/gravv', delivery.request, bindings())).status).toBe(200);
  expect((await worker.request('/webhooks/gravv', delivery.request, env)).status).toBe(401);
});
