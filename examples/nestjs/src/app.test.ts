import type { Server } from 'node:http';
import { grantex, grantiva } from '@hookproof/core';
import { type SignedDelivery, signedDelivery } from '@hookproof/testing';
import type { INestApplication } from '@nestjs/common';
import request, { type Test } from 'supertest';
import { afterEach, beforeEach, describe, expect, it, onTestFinished, vi } from 'vitest';
import { createApp } from './app.ts';

const secret = 'a secret for tests';

beforeEach(() => {
  vi.stubEnv('GRANTIVA_SECRET', secret);
  vi.stubEnv('GRANTEX_SECRET', secret);
});
afterEach(() => void vi.unstubAllEnvs());

/** Nest's own way to test: an app that listens on no port but supertest's. */
async function started(app: INestApplication): Promise<Server> {
  onTestFinished(() => app.close());
  await app.init();
  return app.getHttpServer();
}

/** The text and not the bytes: supertest writes bytes as JSON. */
function deliver(server: Server, path: string, { headers, text }: Pick<SignedDelivery, 'headers' | 'text'>): Test {
  return request(server).post(path).set(headers).send(text);
}

async function json(sending: Test): Promise<unknown> {
  return (await sending).body;
}

const highRisk = { type: 'device.high_risk', data: { device_id: 'device-1', risk_score: '91' } } as const;
const revoked = { type: 'grant.revoked', data: { grantId: 'grnt_1', cascade: false } } as const;

describe('the Nest example', () => {
  it('blocks a device, by a middleware before the body parser', async () => {
    const server = await started(await createApp());
    const delivery = await signedDelivery(grantiva(), highRisk, { secret });
    expect(await json(deliver(server, '/webhooks/grantiva', delivery))).toEqual({ outcome: 'handled' });
    expect(await json(deliver(server, '/webhooks/grantiva', delivery))).toEqual({ outcome: 'duplicate' });
    expect(await json(request(server).get('/devices/device-1'))).toEqual({ id: 'device-1', blocked: true });
  });

  it('revokes a grant, by a middleware of a module', async () => {
    const server = await started(await createApp());
    const delivery = await signedDelivery(grantex(), revoked, { secret });
    expect(await json(deliver(server, '/webhooks/grantex', delivery))).toEqual({ outcome: 'handled' });
    expect(await json(request(server).get('/revoked-grants'))).toEqual(['grnt_1']);
  });

  it.each(['grantiva', 'grantex'])('refuses an altered body: %s', async (name) => {
    const server = await started(await createApp());
    const { headers, text } =
      name === 'grantiva'
        ? await signedDelivery(grantiva(), highRisk, { secret })
        : await signedDelivery(grantex(), revoked, { secret });
    const altered = text.replace('_1', '_2').replace('device-1', 'device-2');
    const reply = await deliver(server, `/webhooks/${name}`, { headers, text: altered });
    expect(reply.status).toBe(401);
    expect(JSON.parse(reply.text)).toMatchObject({ code: 'signature_mismatch' });
    expect(await json(request(server).get('/devices/device-2'))).toMatchObject({ blocked: false });
    expect(await json(request(server).get('/revoked-grants'))).toEqual([]);
  });

  it('leaves the other routes their JSON', async () => {
    const server = await started(await createApp());
    expect(await json(request(server).post('/devices').send({ id: 'device-1' }))).toEqual({
      id: 'device-1',
      allowed: true,
    });
  });
});
