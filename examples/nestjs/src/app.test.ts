import { grantex, grantiva } from '@hookproof/core';
import { signedDelivery } from '@hookproof/testing';
import type { INestApplication } from '@nestjs/common';
import { afterEach, beforeEach, describe, expect, it, onTestFinished, vi } from 'vitest';
import { createApp } from './app.ts';

const secret = 'a secret for tests';

beforeEach(() => {
  vi.stubEnv('GRANTIVA_SECRET', secret);
  vi.stubEnv('GRANTEX_SECRET', secret);
});
afterEach(() => void vi.unstubAllEnvs());

async function listen(app: INestApplication): Promise<string> {
  onTestFinished(() => app.close());
  await app.listen(0, '127.0.0.1');
  return app.getUrl();
}

function post(url: string, body: object): Promise<Response> {
  return fetch(url, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
  });
}

async function json(response: Promise<Response>): Promise<unknown> {
  return (await response).json();
}

const highRisk = { type: 'device.high_risk', data: { device_id: 'device-1', risk_score: '91' } } as const;
const revoked = { type: 'grant.revoked', data: { grantId: 'grnt_1', cascade: false } } as const;

describe('the Nest example', () => {
  it('blocks a device, by a middleware before the body parser', async () => {
    const origin = await listen(await createApp());
    const delivery = await signedDelivery(grantiva(), highRisk, { secret });
    expect(await json(fetch(`${origin}/webhooks/grantiva`, delivery))).toEqual({ outcome: 'handled' });
    expect(await json(fetch(`${origin}/webhooks/grantiva`, delivery))).toEqual({ outcome: 'duplicate' });
    expect(await json(fetch(`${origin}/devices/device-1`))).toEqual({ id: 'device-1', blocked: true });
  });

  it('revokes a grant, by a middleware of a module', async () => {
    const origin = await listen(await createApp());
    const delivery = await signedDelivery(grantex(), revoked, { secret });
    expect(await json(fetch(`${origin}/webhooks/grantex`, delivery))).toEqual({ outcome: 'handled' });
    expect(await json(fetch(`${origin}/revoked-grants`))).toEqual(['grnt_1']);
  });

  it.each(['grantiva', 'grantex'])('refuses an altered body: %s', async (name) => {
    const origin = await listen(await createApp());
    const { headers, body } =
      name === 'grantiva'
        ? await signedDelivery(grantiva(), highRisk, { secret })
        : await signedDelivery(grantex(), revoked, { secret });
    const altered = new TextDecoder().decode(body).replace('_1', '_2').replace('device-1', 'device-2');
    const reply = await fetch(`${origin}/webhooks/${name}`, { method: 'POST', headers, body: altered });
    expect([reply.status, await reply.json()]).toMatchObject([401, { code: 'signature_mismatch' }]);
    expect(await json(fetch(`${origin}/devices/device-2`))).toMatchObject({ blocked: false });
    expect(await json(fetch(`${origin}/revoked-grants`))).toEqual([]);
  });

  it('leaves the other routes their JSON', async () => {
    const origin = await listen(await createApp());
    expect(await json(post(`${origin}/devices`, { id: 'device-1' }))).toEqual({ id: 'device-1', allowed: true });
  });
});
