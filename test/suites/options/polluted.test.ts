import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import {
  createReceiver,
  defineProvider,
  grantex,
  grantiva,
  memoryClaims,
  type OutcomeReport,
  signBody,
  standardWebhooks,
  verifyDelivery,
  verifySignature,
} from '@hookproof/core';
import { grantexEndpoints, grantivaEndpoints } from '@hookproof/endpoints';
import * as onExpress from '@hookproof/express';
import * as onFastify from '@hookproof/fastify';
import * as onHono from '@hookproof/hono';
import { memoryInbox } from '@hookproof/inbox';
import { telemetry } from '@hookproof/otel';
import { signedDelivery } from '@hookproof/testing';
import Fastify from 'fastify';
import { afterEach, describe, expect, it, onTestFinished } from 'vitest';

const secret = 'a secret for tests';
const body = '{"id":"evt_1","type":"grant.unknown","createdAt":"2026-11-20T23:09:31Z","data":{}}';

const polluted: string[] = [];
function clean(): void {
  for (const name of polluted.splice(0)) Reflect.deleteProperty(Object.prototype, name);
}
afterEach(clean);

/** What somebody has done to every object that has not said otherwise. */
function pollute(values: Readonly<Record<string, unknown>>): void {
  for (const [name, value] of Object.entries(values)) {
    polluted.push(name);
    Object.defineProperty(Object.prototype, name, { value, configurable: true, writable: true });
  }
}

/** Signed so long ago that no tolerance of anybody's allows it. */
async function oldDelivery() {
  const headers = await signBody(grantex({ signature: 'v2' }), { body, secret, id: '', timestamp: 1_700_000_000 });
  return { headers, body };
}

const evil = {
  toleranceSeconds: 1_000_000_000,
  now: () => 1_700_000_000_000,
  secret: 'of somebody else',
  maxBodyBytes: 10,
  bodyTimeoutMs: 1,
  timeoutMs: 1,
  key: 'delivery',
  signature: 'v1',
  framework: 'another',
  wrap: () => undefined,
  receiverName: 'a name',
  lane: () => 'a',
  prefix: 'x',
  timestamp: '1700000000',
  id: 'an id',
  onOutcome: () => undefined,
  dedupe: false,
  inbox: {},
  path: '/other',
  maxKeys: -1,
  separator: 'a',
  algorithm: 'md5',
  encoding: 'base64',
  minBytes: 1_000,
  headers: { deliveryId: 'x' },
  events: {},
  bare: () => ({ type: 'forged', data: {}, timestamp: undefined }),
  notAccepted: [{}],
};

describe('options that an object inherits are none:', () => {
  it.each(Object.entries(evil))('a receiver is what its own options say, whatever %s is', async (name, value) => {
    const delivery = await oldDelivery();
    const reports: OutcomeReport[] = [];
    const outcomesOf = async () => {
      const receiver = createReceiver({
        provider: grantex({ signature: 'v2' }),
        secret,
        on: { '*': () => undefined },
        ...(name !== 'onOutcome' && { onOutcome: (report: OutcomeReport) => void reports.push(report) }),
      });
      const fresh = await signedDelivery(grantex(), { body }, { secret });
      return [
        (await receiver.receive(delivery)).outcome,
        (await receiver.receive({ headers: { ...fresh.headers }, body })).outcome,
        (await receiver.receive({ headers: { ...fresh.headers }, body })).outcome,
        receiver.limits,
      ];
    };
    const before = await outcomesOf();
    expect(before.slice(0, 3)).toEqual(['stale_delivery', 'handled', 'duplicate']);
    pollute({ [name]: value });
    expect(await outcomesOf()).toEqual(before);
    expect(new Set(reports.map(({ framework }) => framework)).size).toBeLessThanOrEqual(1);
  });

  it.each(Object.entries(evil))('so is a delivery that is proven by hand, whatever %s is', async (name, value) => {
    const delivery = await oldDelivery();
    const signature = delivery.headers['x-grantex-signature-v2'];
    pollute({ [name]: value });
    await expect(verifyDelivery(grantex(), { ...delivery, secret })).rejects.toMatchObject({ code: 'stale_delivery' });
    expect(await verifySignature(grantiva(), { body, signature, secret })).toBe(false);
    await expect(
      // A secret that is missing is not looked for elsewhere.
      verifyDelivery(grantex(), { ...delivery } as Parameters<typeof verifyDelivery>[1]),
    ).rejects.toMatchObject({ code: 'invalid_options' });
  });

  it.each(Object.entries(evil))('a provider is what its description says, whatever %s is', (name, value) => {
    const make = () =>
      JSON.stringify([
        defineProvider({
          name: 'a',
          signature: { header: 'x-a', encoding: 'hex' },
          envelope: { type: 't', data: 'd' },
        }),
        ...[grantiva(), grantex(), standardWebhooks()],
      ]);
    const before = make();
    pollute({ [name]: value });
    expect(make()).toBe(before);
  });

  it('adapters answer at their own path, and with their own signature scheme', async () => {
    pollute(evil);
    const options = { secret, on: {}, onOutcome: () => undefined };
    const middleware = onExpress.grantexWebhooks(options);
    const plugin = onFastify.webhooks(grantex(), options);
    expect(() => onHono.grantivaWebhooks(options)).not.toThrow();
    // Node's own client and server would not do with all of this.
    clean();
    const server = createServer(middleware);
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    onTestFinished(() => void server.close());
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/webhooks/grantex`;
    const fresh = await signedDelivery(grantex({ signature: 'v2' }), { body }, { secret, url });
    expect((await fetch(fresh.request)).status).toBe(200);
    const app = Fastify();
    onTestFinished(() => app.close());
    await app.register(plugin);
    expect(app.hasRoute({ method: 'POST', url: '/webhooks/grantex' })).toBe(true);
  });

  it('so are inboxes, claims, clients and telemetry', async () => {
    pollute({
      ...evil,
      concurrency: -1,
      work: 'no',
      baseUrl: 'ftp://evil',
      cookie: 'c',
      maxAttempts: 0,
      tracerProvider: 1,
    });
    expect(() => memoryClaims()).not.toThrow();
    const inbox = memoryInbox();
    await inbox.close();
    expect(() => telemetry()).not.toThrow();
    const asked: string[] = [];
    const fetch = async (url: string) => {
      asked.push(url);
      return new Response('{"webhooks":[]}');
    };
    await grantexEndpoints({ apiKey: 'a-key', fetch, timeoutMs: 1_000 }).list();
    expect(asked.map((url) => new URL(url).origin)).toEqual(['https://api.grantex.dev']);
    expect(() => grantivaEndpoints({ baseUrl: 'https://example.com', token: 'gpat_a' })).not.toThrow();
  });
});
