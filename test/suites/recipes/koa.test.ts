import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { grantex } from '@hookproof/core';
import { signedDelivery } from '@hookproof/testing';
import { afterEach, expect, test, vi } from 'vitest';
import { app } from './koa.ts';

const secret = 'a secret for tests';

afterEach(() => void vi.unstubAllEnvs());

test('receives in Koa: handled once, and refused where it is forged or too large', async () => {
  vi.stubEnv('GRANTEX_SECRET', secret);
  const log = vi.spyOn(console, 'log').mockReturnValue(undefined);
  const server = app.listen(0, '127.0.0.1');
  try {
    await once(server, 'listening');
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    const deliver = async (init: RequestInit) => {
      const reply = await fetch(`${url}/webhooks/grantex`, { method: 'POST', ...init });
      return [reply.status, reply.headers.get('content-type')];
    };
    const event = { type: 'grant.revoked', data: { grantId: 'grnt_1', cascade: false } } as const;
    const genuine = await signedDelivery(grantex(), event, { secret });
    const json = 'application/json; charset=utf-8';
    const problem = 'application/problem+json; charset=utf-8';
    expect([await deliver(genuine), await deliver(genuine)]).toEqual([
      [200, json],
      [200, json],
    ]);
    expect(log.mock.calls).toEqual([['revoked:', 'grnt_1']]);
    const forged = await signedDelivery(grantex(), event, { secret: 'another secret for tests' });
    expect(await deliver(forged)).toEqual([401, problem]);
    // In chunks, so that no length tells it before.
    const large = new Blob([new Uint8Array(2 * 1024 * 1024)]).stream();
    const init = { headers: forged.headers, body: large, duplex: 'half' } as const;
    expect(await deliver(init)).toEqual([413, problem]);
    expect((await fetch(`${url}/elsewhere`)).status).toBe(404);
  } finally {
    vi.restoreAllMocks();
    server.closeAllConnections();
    server.close();
  }
});
