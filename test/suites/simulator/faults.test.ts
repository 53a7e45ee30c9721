import {
  defineProvider,
  grantex,
  grantiva,
  type Provider,
  standardWebhooks,
  verifyDelivery,
  WebhookError,
} from '@hookproof/core';
import { type Faults, simulateProvider } from '@hookproof/testing/simulator';
import { describe, expect, it } from 'vitest';
import { headerOf, type RawRequest, rawServer, statuses } from './raw-server.ts';

const standardSecret = 'whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD';
const speed = Number.POSITIVE_INFINITY;

const stripeLike = defineProvider({
  name: 'stripe-like',
  signature: {
    header: 'acme-signature',
    encoding: 'hex',
    prefix: 'v1=',
    separator: ',',
    signs: '{timestamp}.{body}',
    timestamp: { header: 'acme-signature', prefix: 't=' },
  },
  envelope: { type: 'type', data: 'data' },
});

const targets: readonly [name: string, provider: Provider, secret: string][] = [
  ['grantex', grantex({ signature: 'v2' }), 'a'],
  ['grantex v1', grantex({ signature: 'v1' }), 'a'],
  ['grantiva', grantiva(), 'whsec_a'],
  ['standard-webhooks', standardWebhooks(), standardSecret],
  ['stripe-like', stripeLike, 'a'],
];

async function verdict(provider: Provider, secret: string, { headers, body }: RawRequest): Promise<string> {
  try {
    await verifyDelivery(provider, { headers: Object.fromEntries(headers), body, secret });
    return 'genuine';
  } catch (error) {
    return error instanceof WebhookError ? error.code : String(error);
  }
}

async function verdictUnder(faults: Faults, provider: Provider, secret: string): Promise<string | undefined> {
  const server = await rawServer(statuses(200));
  const sender = simulateProvider(provider, { url: server.url, secret });
  const { attempts } = await sender.send({ body: { type: 'a', event: 'a', data: {} } }, { faults });
  await sender.close();
  expect(attempts.map((attempt) => attempt.faults)).toEqual([faults]);
  const [request] = server.requests;
  return request && verdict(provider, secret, request);
}

describe.each(targets)('%s', (name, provider, secret) => {
  const signsTime = !['grantiva', 'grantex v1'].includes(name);
  it.each<[Faults, string]>([
    [{ copies: 1 }, 'genuine'],
    [{ wrongSecret: true }, 'signature_mismatch'],
    [{ withoutSignature: true }, 'missing_signature'],
    [{ tamper: 'body' }, 'signature_mismatch'],
    [{ tamper: 'signature' }, 'signature_mismatch'],
    ...(signsTime
      ? ([
          [{ tamper: 'timestamp' }, 'signature_mismatch'],
          [{ signedSecondsAgo: 301 }, 'stale_delivery'],
          [{ signedSecondsAgo: -400 }, 'stale_delivery'],
          [{ signedSecondsAgo: 200 }, 'genuine'],
        ] satisfies [Faults, string][])
      : []),
    ...(name === 'standard-webhooks' ? ([[{ tamper: 'id' }, 'signature_mismatch']] satisfies [Faults, string][]) : []),
  ])('under %o is %s', async (faults, expected) => {
    expect(await verdictUnder(faults, provider, secret)).toBe(expected);
  });
});

describe('copies', () => {
  it('are byte for byte the same, on connections of their own at the same time', async () => {
    const held: RawRequest[] = [];
    // Nobody is answered before all are there.
    const server = await rawServer((request) => {
      held.push(request);
      if (held.length === 4) for (const [index, one] of held.entries()) statuses(409, 200)(one, index);
    });
    const sender = simulateProvider(grantex(), { url: server.url, secret: 'a' });
    const delivery = await sender.send('grant.revoked', { faults: { copies: 4 } });
    await sender.close();
    expect(delivery).toMatchObject({ state: 'delivered', retries: 0 });
    expect(delivery.attempts.map(({ number }) => number)).toEqual([1, 1, 1, 1]);
    expect(delivery.attempts.map(({ status }) => status).toSorted()).toEqual([200, 200, 200, 409]);
    expect(delivery.attempts.map(({ nextDelayMs }) => nextDelayMs)).toEqual(Array(4).fill(undefined));
    const [first, ...others] = server.requests.map(({ headers, framed }) => [headers, framed.toString()]);
    expect(others).toEqual([first, first, first]);
    expect(new Set(held.map(({ socket }) => socket)).size).toBe(4);
  });

  it('that all fail are tried again together', async () => {
    const server = await rawServer(statuses(500));
    const sender = simulateProvider(grantiva(), { url: server.url, secret: 'a', speed });
    const delivery = await sender.send(undefined, { faults: { copies: 2 } });
    await sender.close();
    expect(delivery).toMatchObject({ state: 'failed', retries: 3 });
    expect(delivery.attempts.map(({ number }) => number)).toEqual([1, 1, 2, 2, 3, 3, 4, 4]);
  });
});

describe('a slow body', () => {
  it('comes in pieces, and whole', async () => {
    const server = await rawServer(statuses(200));
    const pieces: string[] = [];
    server.server.on('connection', (socket) => socket.on('data', (chunk) => pieces.push(chunk.toString())));
    const sender = simulateProvider(grantex(), { url: server.url, secret: 'a' });
    const body = '{"a":"0123456789012345678901234567890123456789"}';
    const { attempts } = await sender.send({ body }, { faults: { slowBodyMs: 200 } });
    await sender.close();
    expect(server.requests[0]?.body.toString()).toBe(body);
    // The headers, 20 chunks, the end; a slow machine may join some.
    expect(pieces.length).toBeGreaterThan(4);
    // A timer never fires before its time: the last piece leaves after all waits.
    expect(attempts[0]?.durationMs).toBeGreaterThanOrEqual(180);
  });

  it('is given up when the provider’s own time is over', async () => {
    const server = await rawServer(statuses(200));
    const behaviour = { timeoutMs: 50, delaysMs: [] };
    const sender = simulateProvider(grantex(), { url: server.url, secret: 'a', behaviour });
    const { state, attempts } = await sender.send(undefined, { faults: { slowBodyMs: 60_000 } });
    await sender.close();
    expect(state).toBe('failed');
    expect(attempts).toMatchObject([{ error: 'timeout', status: undefined }]);
  });

  it('stops when a reply has come', async () => {
    const server = await rawServer(statuses(200));
    server.server.on('connection', (socket) =>
      socket.once('data', () => socket.write('HTTP/1.1 408 Request Timeout\r\nContent-Length: 2\r\n\r\nno')),
    );
    const sender = simulateProvider(grantex(), { url: server.url, secret: 'a', behaviour: { delaysMs: [] } });
    const { attempts } = await sender.send(undefined, { faults: { slowBodyMs: 60_000 } });
    await sender.close();
    expect(attempts).toMatchObject([{ status: 408, body: 'no', error: undefined }]);
  });
});

describe('a cut body', () => {
  it.each([
    ['grantex', grantex()],
    ['grantiva', grantiva()],
  ])('of %s ends in the middle', async (_name, provider) => {
    const server = await rawServer(statuses(200));
    const ended = new Promise((resolve) => {
      server.server.on('connection', (socket) => socket.on('close', resolve));
    });
    const sender = simulateProvider(provider, { url: server.url, secret: 'a', behaviour: { delaysMs: [] } });
    const { state, attempts } = await sender.send({ body: '0123456789' }, { faults: { cutBody: true } });
    await ended;
    await sender.close();
    expect(state).toBe('failed');
    expect(attempts).toMatchObject([{ error: 'body_cut', status: undefined, isDelivered: false }]);
    expect(server.requests).toEqual([]);
    expect(server.unfinished).toEqual([expect.stringMatching(/\r\n\r\n(5\r\n)?01234(\r\n)?$/)]);
  });
});

describe('firstAttempts', () => {
  it('lets a later attempt succeed', async () => {
    const verdicts: Promise<string>[] = [];
    const server = await rawServer((request, index) => {
      verdicts.push(verdict(grantex(), 'a', request));
      statuses(401, 401, 200)(request, index);
    });
    const sender = simulateProvider(grantex(), { url: server.url, secret: 'a', speed });
    const faults: Faults = { wrongSecret: true, firstAttempts: 2 };
    const delivery = await sender.send(undefined, { faults });
    await sender.close();
    expect(delivery.state).toBe('delivered');
    expect(delivery.attempts.map((attempt) => attempt.faults)).toEqual([faults, faults, undefined]);
    expect(await Promise.all(verdicts)).toEqual(['signature_mismatch', 'signature_mismatch', 'genuine']);
  });
});

describe('the faults of a provider', () => {
  it('are those of every delivery, and those of a send take their place', async () => {
    const server = await rawServer(statuses(200));
    const sender = simulateProvider(grantiva(), { url: server.url, secret: 'a', faults: { withoutSignature: true } });
    await sender.send();
    await sender.sendAll([undefined, undefined].map(() => 'device.new'));
    await sender.send(undefined, { faults: {} });
    await sender.close();
    const signatures = server.requests.map((request) => headerOf(request, 'x-grantiva-signature') !== undefined);
    expect(signatures).toEqual([false, false, false, true]);
  });
});
