import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { type ServerType, serve } from '@hono/node-server';
import { grantex, grantiva, gravv } from '@hookproof/core';
import { signedDelivery } from '@hookproof/testing';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { createApp } from './app.ts';

const secrets = { grantiva: 'whsec_for_tests', grantex: 'grantex secret for tests', gravv: 'gravv secret for tests' };
let server: ServerType;
let origin: string;

beforeEach(async () => {
  for (const [name, secret] of Object.entries(secrets)) vi.stubEnv(`${name.toUpperCase()}_SECRET`, secret);
  server = serve({ fetch: createApp().fetch, hostname: '127.0.0.1', port: 0 });
  await once(server, 'listening');
  origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});

afterEach(async () => {
  vi.unstubAllEnvs();
  server.close();
  await once(server, 'close');
});

const phone = { device: 'device-1', grant: 'grnt_1' };

function post(path: string, body: object): Promise<Response> {
  return fetch(origin + path, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
  });
}

async function get(path: string): Promise<unknown> {
  return (await fetch(origin + path)).json();
}

describe('the Hono example', () => {
  it('blocks a device that Grantiva calls a high risk', async () => {
    expect((await post('/sessions', phone)).status).toBe(201);
    expect(await get('/sessions')).toEqual([phone]);

    const event = { type: 'device.high_risk', data: { device_id: phone.device, risk_score: '91' } } as const;
    const delivery = await signedDelivery(grantiva(), event, { secret: secrets.grantiva });
    const reply = await fetch(`${origin}/webhooks/grantiva`, delivery);

    expect([reply.status, await reply.json()]).toEqual([200, { outcome: 'handled' }]);
    expect(await get('/sessions')).toEqual([]);
    expect((await post('/sessions', phone)).status).toBe(403);
  });

  it('ends the sessions of a grant that was revoked', async () => {
    await post('/sessions', phone);
    const event = { type: 'grant.revoked', data: { grantId: phone.grant, cascade: false } } as const;
    const delivery = await signedDelivery(grantex(), event, { secret: secrets.grantex });

    expect((await fetch(`${origin}/webhooks/grantex`, delivery)).status).toBe(200);
    expect(await get('/sessions')).toEqual([]);
  });

  it('writes a transfer into the ledger once, however often it is delivered', async () => {
    const data = {
      amount: '1250.50',
      client_reference: 'order-1042',
      source: {},
      destination: {},
      client_metadata: null,
    };
    const event = { type: 'transfer.status.completed', data } as const;
    const delivery = await signedDelivery(gravv(), event, { secret: secrets.gravv });
    const outcomes: unknown[] = [];
    for (const attempt of [delivery, delivery]) {
      outcomes.push(await (await fetch(`${origin}/webhooks/gravv`, attempt)).json());
    }
    expect(outcomes).toEqual([{ outcome: 'handled' }, { outcome: 'duplicate' }]);
    expect(await get('/ledger')).toEqual([{ reference: 'order-1042', amount: '1250.50' }]);
  });

  it('refuses a forgery, and nothing happens', async () => {
    await post('/sessions', phone);
    const event = { type: 'device.high_risk', data: { device_id: phone.device, risk_score: '91' } } as const;
    const forgery = await signedDelivery(grantiva(), event, { secret: 'whsec_guessed' });
    const reply = await fetch(`${origin}/webhooks/grantiva`, forgery);

    expect([reply.status, await reply.json()]).toMatchObject([401, { code: 'signature_mismatch' }]);
    expect(await get('/sessions')).toEqual([phone]);
  });

  it('leaves the other routes their JSON', async () => {
    expect((await post('/sessions', { device: 'device-2' })).status).toBe(400);
    const broken = { method: 'POST', headers: { 'content-type': 'application/json' }, body: '{"device":' };
    expect((await fetch(`${origin}/sessions`, broken)).status).toBe(400);
  });
});
