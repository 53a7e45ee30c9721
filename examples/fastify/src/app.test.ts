import { grantex, grantiva, gravv } from '@hookproof/core';
import { type SignedDelivery, signedDelivery } from '@hookproof/testing';
import type { FastifyInstance, LightMyRequestResponse } from 'fastify';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createApp } from './app.ts';

const secrets = { grantiva: 'whsec_for_tests', grantex: 'grantex secret for tests', gravv: 'gravv secret for tests' };
let app: FastifyInstance;

beforeEach(async () => {
  app = await createApp({ secrets });
});

afterEach(() => app.close());

const phone = { device: 'device-1', grant: 'grnt_1' };

/** The text and not the bytes: inject writes a Uint8Array as JSON. */
function deliver(url: string, { headers, text }: SignedDelivery): Promise<LightMyRequestResponse> {
  return app.inject({ method: 'POST', url, headers, payload: text });
}

function post(url: string, payload: object): Promise<LightMyRequestResponse> {
  return app.inject({ method: 'POST', url, payload });
}

async function get(url: string): Promise<unknown> {
  return (await app.inject(url)).json();
}

describe('the Fastify example', () => {
  it('blocks a device that Grantiva calls a high risk', async () => {
    expect((await post('/sessions', phone)).statusCode).toBe(201);
    expect(await get('/sessions')).toEqual([phone]);

    const event = { type: 'device.high_risk', data: { device_id: phone.device, risk_score: '91' } } as const;
    const delivery = await signedDelivery(grantiva(), event, { secret: secrets.grantiva });
    const reply = await deliver('/webhooks/grantiva', delivery);

    expect([reply.statusCode, reply.json()]).toEqual([200, { outcome: 'handled' }]);
    expect(await get('/sessions')).toEqual([]);
    expect((await post('/sessions', phone)).statusCode).toBe(403);
  });

  it('ends the sessions of a grant that was revoked', async () => {
    await post('/sessions', phone);
    const event = { type: 'grant.revoked', data: { grantId: phone.grant, cascade: false } } as const;
    const delivery = await signedDelivery(grantex(), event, { secret: secrets.grantex });

    expect((await deliver('/hooks/grants', delivery)).statusCode).toBe(200);
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
      outcomes.push((await deliver('/webhooks/gravv', attempt)).json());
    }
    expect(outcomes).toEqual([{ outcome: 'handled' }, { outcome: 'duplicate' }]);
    expect(await get('/ledger')).toEqual([{ reference: 'order-1042', amount: '1250.50' }]);
  });

  it('refuses a forgery, and nothing happens', async () => {
    await post('/sessions', phone);
    const event = { type: 'device.high_risk', data: { device_id: phone.device, risk_score: '91' } } as const;
    const forgery = await signedDelivery(grantiva(), event, { secret: 'whsec_guessed' });
    const reply = await deliver('/webhooks/grantiva', forgery);

    expect([reply.statusCode, reply.json()]).toMatchObject([401, { code: 'signature_mismatch' }]);
    expect(await get('/sessions')).toEqual([phone]);
  });

  it('leaves the other routes their JSON', async () => {
    expect((await post('/sessions', { device: 'device-2' })).statusCode).toBe(400);
    const broken = { headers: { 'content-type': 'application/json' }, payload: '{"device":' };
    expect((await app.inject({ method: 'POST', url: '/sessions', ...broken })).statusCode).toBe(400);
  });
});
