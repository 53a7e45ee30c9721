import { defineProvider, grantex, grantiva, gravv, standardWebhooks, verifyDelivery } from '@hookproof/core';
import { sampleTypes } from '@hookproof/testing';
import { simulateProvider } from '@hookproof/testing/simulator';
import { describe, expect, it } from 'vitest';
import { headerOf, rawServer, statuses } from './raw-server.ts';

// A delivery of the running service, byte for byte.
const captured = {
  secret: '3de79db03350b07281bdbcaf3630dfc01a1d99d0af1be252',
  at: 1_795_216_193_000,
  headers: [
    ['content-type', 'application/json'],
    ['user-agent', 'Grantex-Webhooks/0.1'],
    ['x-grantex-signature', 'sha256=a6d64f2ee4ee83bc86f0ccdb5d9e5cbfbc066c78c91f879d434425222588c4e4'],
    ['x-grantex-signature-v2', 'sha256=f73c8f1521b082f65745d1d158014fa8c5de7e42333bd1d9558d52c78b475dbe'],
    ['x-grantex-timestamp', '1795216193'],
    ['Transfer-Encoding', 'chunked'],
  ],
  body: '{"id":"evt_01M7XKHRANV087JT14TQYW5735","type":"token.issued","createdAt":"2026-11-20T23:09:31.349Z","data":{"tokenId":"tok_01M7XKHRAGKCEZMF186K6KEWMK","grantId":"grnt_01M7XKHRA0MY209HMV34RYRVN4","agentId":"ag_01M7XKHR8JQQGAAJ3F3Z109K82","principalId":"user_abc123","scopes":["calendar:read","payments:initiate:max_500"],"expiresAt":"2026-11-21T23:09:31.330Z"}}',
};

const standardSecret = 'whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD';
const names = (headers: readonly (readonly [string, string])[]) => headers.map(([name]) => name);

describe('grantex', () => {
  it.each(['auto', 'v1', 'v2'] as const)(
    'sends the captured delivery byte for byte, whatever the receiver accepts (%s)',
    async (signature) => {
      const server = await rawServer(statuses(200));
      const { secret, at, body } = captured;
      const sender = simulateProvider(grantex({ signature }), { url: server.url, secret, now: () => at });
      const { attempts } = await sender.send({ body });
      await sender.close();
      const [request] = server.requests;
      expect(request?.line).toBe('POST /hooks?tenant=7 HTTP/1.1');
      const ofTheConnection = [
        ['Host', server.host],
        ['Connection', 'keep-alive'],
      ];
      expect(request?.headers).toEqual([...captured.headers.slice(0, 5), ...ofTheConnection, captured.headers[5]]);
      expect(request?.framed.toString()).toBe(
        `${Buffer.byteLength(body).toString(16)}\r\n${captured.body}\r\n0\r\n\r\n`,
      );
      expect(attempts[0]?.sentHeaders).toEqual(request?.headers);
    },
  );
});

describe('the header lines', () => {
  const lines = async (...given: Parameters<typeof simulateProvider>) => {
    const server = await rawServer(statuses(200));
    const sender = simulateProvider(given[0], { ...given[1], url: server.url });
    const delivery = await sender.send(sampleTypes(given[0]).length === 0 ? { body: { type: 'a' } } : undefined);
    await sender.close();
    const [request] = server.requests;
    return { names: names(request?.headers ?? []), request, delivery };
  };
  const url = 'http://unused.invalid';

  it('of grantiva are its own, with the event, the delivery and the length', async () => {
    const { names, request, delivery } = await lines(grantiva(), { url, secret: 'whsec_a' });
    expect(names).toEqual([
      'Host',
      'Content-Type',
      'User-Agent',
      'X-Grantiva-Signature',
      'X-Grantiva-Event',
      'X-Grantiva-Delivery',
      'Content-Length',
      'Connection',
    ]);
    expect(headerOf(request, 'user-agent')).toBe('Grantiva-Webhooks/1.0');
    expect(headerOf(request, 'x-grantiva-event')).toBe('device.new');
    expect(headerOf(request, 'x-grantiva-delivery')).toBe(delivery.id);
    expect(request?.framed).toEqual(request?.body);
  });

  it('of gravv hold the bare signature', async () => {
    const { names, request } = await lines(gravv(), { url, secret: 'a' });
    expect(names).toEqual(['Host', 'Content-Type', 'X-Gravv-Signature', 'Content-Length', 'Connection']);
    expect(headerOf(request, 'x-gravv-signature')).toMatch(/^[0-9a-f]{64}$/);
  });

  it('of gravv can hold it under its other name', async () => {
    const behaviour = { headers: ['Host', 'Content-Type', 'X-Signature', 'Content-Length', 'Connection'] };
    const { names, request } = await lines(gravv(), { url, secret: 'a', behaviour });
    expect(names).toEqual(behaviour.headers);
    expect(headerOf(request, 'x-signature')).toMatch(/^[0-9a-f]{64}$/);
  });

  it.each([
    ['standard-webhooks', standardWebhooks()],
    ['one of its users', standardWebhooks({ name: 'clerk' })],
  ])('of %s hold id, time and signature', async (_name, provider) => {
    const { names, request, delivery } = await lines(provider, { url, secret: standardSecret });
    expect(names).toEqual([
      'Host',
      'content-type',
      'webhook-id',
      'webhook-timestamp',
      'webhook-signature',
      'Content-Length',
      'Connection',
    ]);
    expect(headerOf(request, 'webhook-id')).toBe(delivery.id);
  });

  it('of standard-webhooks can have the svix- names', async () => {
    const behaviour = {
      headers: ['Host', 'svix-id', 'svix-timestamp', 'svix-signature', 'Content-Length', 'User-Agent'],
      userAgent: 'Svix-Webhooks/1.62.0',
    };
    const { request } = await lines(standardWebhooks(), { url, secret: standardSecret, behaviour });
    expect(names(request?.headers ?? [])).toEqual([...behaviour.headers, 'content-type', 'Connection']);
    expect(headerOf(request, 'user-agent')).toBe('Svix-Webhooks/1.62.0');
    const delivery = { headers: Object.fromEntries(request?.headers ?? []), body: request?.body ?? '' };
    await verifyDelivery(standardWebhooks(), { ...delivery, secret: standardSecret });
  });

  it('of a provider of your own are those of its schemes', async () => {
    const acme = defineProvider({
      name: 'acme',
      signature: {
        header: 'Acme-Signature',
        encoding: 'hex',
        prefix: 'v1=',
        separator: ',',
        signs: '{timestamp}.{body}',
        timestamp: { header: 'Acme-Signature', prefix: 't=' },
      },
      envelope: { type: 'type', data: 'data' },
      headers: { type: 'acme-event', deliveryId: 'acme-delivery' },
    });
    const { names, request } = await lines(acme, { url, secret: 'a' });
    expect(names).toEqual([
      'Host',
      'Content-Type',
      'acme-signature',
      'acme-event',
      'acme-delivery',
      'Content-Length',
      'Connection',
    ]);
    expect(headerOf(request, 'acme-signature')).toMatch(/^t=\d+,v1=[0-9a-f]{64}$/);
  });

  it('that an event brings win, and those that are not listed follow', async () => {
    const server = await rawServer(statuses(200));
    const sender = simulateProvider(grantiva(), { url: server.url, secret: 'whsec_a' });
    const headers = { 'X-Grantiva-Event': 'custom', 'Content-Encoding': 'gzip', 'X-Grantiva-Delivery': 'mine' };
    const { id } = await sender.send({ body: '{}', headers });
    await sender.close();
    const [request] = server.requests;
    expect(id).toBe('mine');
    expect(headerOf(request, 'x-grantiva-event')).toBe('custom');
    expect(request?.headers.at(-1)).toEqual(['content-encoding', 'gzip']);
  });
});

describe('every sample', () => {
  it.each([
    ['grantex', grantex(), 'a'],
    ['grantiva', grantiva(), 'whsec_a'],
    ['gravv', gravv(), 'a'],
    ['standard-webhooks', standardWebhooks(), standardSecret],
  ])('of %s is genuine on the wire', async (_name, provider, secret) => {
    const server = await rawServer(statuses(200));
    const sender = simulateProvider(provider, { url: server.url, secret });
    const types = sampleTypes(provider);
    const deliveries = await sender.sendAll(types, { concurrency: 1 });
    await sender.close();
    expect(deliveries.map(({ type, state }) => [type, state])).toEqual(types.map((type) => [type, 'delivered']));
    const events = server.requests.map(({ headers, body }) =>
      verifyDelivery(provider, { headers: Object.fromEntries(headers), body, secret }),
    );
    expect((await Promise.all(events)).map(({ type }) => type)).toEqual(types);
  });
});
