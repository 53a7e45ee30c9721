import { type Diagnosis, grantex, type OutcomeReport } from '@hookproof/core';
import { webhooks as forExpress } from '@hookproof/express';
import { webhooks as forFastify } from '@hookproof/fastify';
import { type SignedDelivery, sampleEvent, signedDelivery } from '@hookproof/testing';
import express from 'express';
import Fastify from 'fastify';
import request from 'supertest';
import { describe, expect, it, onTestFinished } from 'vitest';
import type { Options } from './mistake.ts';
import { newSecret } from './senders.ts';

/** Delivers by a tool for tests, and resolves with the status of the reply. */
type Tool = (delivery: SignedDelivery, options: Options) => Promise<number>;

const bySupertest =
  (body: (delivery: SignedDelivery) => string | object): Tool =>
  async (delivery, options) => {
    const app = express().use(forExpress(grantex(), options), express.json());
    const sending = request(app).post('/webhooks/grantex').set(delivery.headers);
    return (await sending.send(body(delivery))).status;
  };

const byInject =
  (payload: (delivery: SignedDelivery) => string | Buffer | object): Tool =>
  async (delivery, options) => {
    const app = Fastify();
    onTestFinished(() => app.close());
    await app.register(forFastify(grantex(), options));
    const { headers } = delivery;
    const reply = await app.inject({ method: 'POST', url: '/webhooks/grantex', headers, payload: payload(delivery) });
    return reply.statusCode;
  };

async function endOf(tool: Tool): Promise<{ status: number; diagnosis: Diagnosis | undefined }> {
  const secret = newSecret();
  let report: OutcomeReport | undefined;
  const delivery = await signedDelivery(grantex(), sampleEvent(grantex(), 'grant.revoked'), { secret });
  const onOutcome = (one: OutcomeReport) => {
    report = one;
  };
  const status = await tool(delivery, { secret, on: { '*': () => {} }, onOutcome });
  return { status, diagnosis: await report?.diagnose?.() };
}

describe('a tool for tests', () => {
  it.each<[what: string, tool: Tool]>([
    ['supertest', bySupertest(({ text }) => text)],
    ['inject', byInject(({ text }) => text)],
    ['inject with a Buffer', byInject(({ body }) => Buffer.from(body))],
  ])('delivers the text of a signed delivery: %s', async (_what, tool) => {
    expect(await endOf(tool)).toEqual({ status: 200, diagnosis: undefined });
  });

  it.each<[what: string, tool: Tool]>([
    ['supertest and a Uint8Array', bySupertest(({ body }) => body)],
    ['supertest and a Buffer', bySupertest(({ body }) => Buffer.from(body))],
    ['inject and a Uint8Array', byInject(({ body }) => body)],
  ])('that writes bytes as JSON is named: %s', async (_what, tool) => {
    expect(await endOf(tool)).toMatchObject({
      status: 401,
      diagnosis: { cause: 'body_json_bytes', fix: expect.stringContaining('the text of signedDelivery') },
    });
  });
});
