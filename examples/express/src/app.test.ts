import type { Server } from 'node:http';
import { grantex, grantiva, gravv } from '@hookproof/core';
import { type SignedDelivery, signedDelivery } from '@hookproof/testing';
import request, { type Test } from 'supertest';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createApp } from './app.ts';

const secrets = { grantiva: 'whsec_for_tests', grantex: 'grantex secret for tests', gravv: 'gravv secret for tests' };
let server: Server;

beforeEach(() => {
  server = createApp(secrets).listen(0, '127.0.0.1');
});

afterEach(() => new Promise((resolve) => server.close(resolve)));

const phone = { device: 'device-1', grant: 'grnt_1' };

/** The text and not the bytes: supertest writes bytes as JSON. */
function deliver(path: string, { headers, text }: SignedDelivery): Test {
  return request(server).post(path).set(headers).send(text);
}

function post(path: string, body: object): Test {
  return request(server).post(path).send(body);
}

async function get(path: string): Promise<unknown> {
  return (await request(server).get(path)).body;
}

describe('the Express example', () => {
  it('blocks a device that Grantiva calls a high risk', async () => {
    expect((await post('/sessions', phone)).status).toBe(201);
    expect(await get('/sessions')).toEqual([phone]);

    const event = { type: 'device.high_risk', data: { device_id: phone.device, risk_score: '91' } } as const;
    const delivery = await signedDelivery(grantiva(), event, { secret: secrets.grantiva });
    const reply = await deliver('/webhooks/grantiva', delivery);

    expect([reply.status, reply.body]).toEqual([200, { outcome: 'handled' }]);
    expect(await get('/sessions')).toEqual([]);
    expect((await post('/sessions', phone)).status).toBe(403);
  });

  it('ends the sessions of a grant that was revoked', async () => {
    await post('/sessions', phone);
    const event = { type: 'grant.revoked', data: { grantId: phone.grant, cascade: false } } as const;
    const delivery = await signedDelivery(grantex(), event, { secret: secrets.grantex });

    expect((await deliver('/webhooks/grantex', delivery)).status).toBe(200);
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
      outcomes.push((await deliver('/webhooks/gravv', attempt)).body);
    }
    expect(outcomes).toEqual([{ outcome: 'handled' }, { outcome: 'duplicate' }]);
    expect(await get('/ledger')).toEqual([{ reference: 'order-1042', amount: '1250.50' }]);
  });

  it('refuses a forgery, and nothing happens', async () => {
    await post('/sessions', phone);
    const event = { type: 'device.high_risk', data: { device_id: phone.device, risk_score: '91' } } as const;
    const forgery = await signedDelivery(grantiva(), event, { secret: 'whsec_guessed' });
    const reply = await deliver('/webhooks/grantiva', forgery);

    expect(reply.status).toBe(401);
    expect(JSON.parse(reply.text)).toMatchObject({ code: 'signature_mismatch' });
    expect(await get('/sessions')).toEqual([phone]);
  });

  it('leaves the other routes their JSON', async () => {
    expect((await post('/sessions', { device: 'device-2' })).status).toBe(400);
    const broken = request(server).post('/sessions').type('json').send('{"device":');
    expect((await broken).status).toBe(400);
  });
});
