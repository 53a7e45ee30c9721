import { EventEmitter, once } from 'node:events';
import { defineProvider, grantex, grantiva, gravv, type Provider, standardWebhooks } from '@hookproof/core';
import { type SimulatedAttempt, simulateProvider } from '@hookproof/testing/simulator';
import { describe, expect, it, vi } from 'vitest';
import { headerOf, rawServer, reply, statuses } from './raw-server.ts';

const standardSecret = 'whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD';
const speed = Number.POSITIVE_INFINITY;

const providers: readonly [name: string, provider: Provider, secret: string, delays: readonly number[]][] = [
  ['grantex', grantex(), 'a', [30, 60, 120, 240]],
  ['grantiva', grantiva(), 'whsec_a', [60, 300, 1_800]],
  ['gravv', gravv(), 'a', []],
  ['standard-webhooks', standardWebhooks(), standardSecret, [5, 300, 1_800, 7_200, 18_000, 36_000, 36_000]],
];

describe.each(providers)('%s', (name, provider, secret, delays) => {
  it('is given up after all its attempts, and the log says what would have been waited', async () => {
    const server = await rawServer(({ socket }) => socket.write(reply(500, '{"code":"handler_failed"}')));
    const sender = simulateProvider(provider, { url: server.url, secret, speed });
    const delivery = await sender.send();
    await sender.close();
    expect(delivery).toMatchObject({ state: 'failed', retries: delays.length, url: server.url });
    expect(sender.log).toEqual([delivery]);
    expect(server.requests).toHaveLength(delays.length + 1);
    expect(delivery.attempts.map(({ number }) => number)).toEqual([1, ...delays.map((_delay, index) => index + 2)]);
    expect(delivery.attempts.map(({ nextDelayMs }) => nextDelayMs)).toEqual([
      ...delays.map((delay) => delay * 1_000),
      undefined,
    ]);
    for (const attempt of delivery.attempts) {
      expect(attempt).toMatchObject({
        status: 500,
        body: '{"code":"handler_failed"}',
        error: undefined,
        isDelivered: false,
        faults: undefined,
        durationMs: expect.any(Number),
        at: expect.any(Date),
      });
    }
    expect(new Set(server.requests.map(({ body }) => body.toString())).size).toBe(1);
    const ids = new Set(
      server.requests.map((request) => headerOf(request, 'x-grantiva-delivery') ?? headerOf(request, 'webhook-id')),
    );
    expect([...ids]).toEqual([name === 'grantiva' || name === 'standard-webhooks' ? delivery.id : undefined]);
  });

  it.each([200, 201, 202, 206, 226, 299])('takes %i as delivered', async (status) => {
    const server = await rawServer(statuses(status));
    const sender = simulateProvider(provider, { url: server.url, secret, speed });
    const { state, attempts } = await sender.send();
    await sender.close();
    expect(state).toBe('delivered');
    expect(attempts).toMatchObject([{ number: 1, status, isDelivered: true, nextDelayMs: undefined }]);
  });

  it.each([300, 301, 307, 400, 404, 410, 429, 503])(
    'does not take %i as delivered, and follows nothing',
    async (status) => {
      const server = await rawServer(({ socket, line }) => {
        const elsewhere = `Location: /elsewhere\r\nRetry-After: 0\r\n`;
        socket.write(reply(line.includes('elsewhere') ? 200 : status, '', elsewhere));
      });
      const sender = simulateProvider(provider, { url: server.url, secret, speed });
      const { state, attempts } = await sender.send();
      await sender.close();
      expect(state).toBe('failed');
      expect(attempts.map((attempt) => attempt.status)).toEqual(Array(delays.length + 1).fill(status));
    },
  );
});

describe('a retry', () => {
  it('that succeeds ends the delivery', async () => {
    const server = await rawServer(statuses(500, 503, 200));
    const seen: [string, number, string, boolean][] = [];
    const sender = simulateProvider(grantex(), {
      url: server.url,
      secret: 'a',
      speed,
      onAttempt: (delivery, { number, isDelivered }) =>
        seen.push([delivery.type ?? '', number, delivery.state, isDelivered]),
    });
    const delivery = await sender.send('grant.revoked');
    await sender.close();
    expect(delivery).toMatchObject({ type: 'grant.revoked', state: 'delivered', retries: 2 });
    expect(seen).toEqual([
      ['grant.revoked', 1, 'pending', false],
      ['grant.revoked', 2, 'pending', false],
      ['grant.revoked', 3, 'delivered', true],
    ]);
  });

  it('of grantex is signed anew with the time of then', async () => {
    const server = await rawServer(statuses(500, 200));
    let now = 1_795_216_193_000;
    const sender = simulateProvider(grantex(), {
      url: server.url,
      secret: 'a',
      speed,
      now: () => now,
      onAttempt: () => {
        now += 60_000;
      },
    });
    const { attempts } = await sender.send();
    await sender.close();
    const [first, second] = server.requests;
    expect(headerOf(first, 'x-grantex-timestamp')).toBe('1795216193');
    expect(headerOf(second, 'x-grantex-timestamp')).toBe('1795216253');
    expect(headerOf(second, 'x-grantex-signature')).toBe(headerOf(first, 'x-grantex-signature'));
    expect(headerOf(second, 'x-grantex-signature-v2')).not.toBe(headerOf(first, 'x-grantex-signature-v2'));
    expect(attempts.map(({ at }) => at.getTime())).toEqual([1_795_216_193_000, 1_795_216_253_000]);
  });

  it('of a risk_alert of grantiva is built anew without its app, and signed so', async () => {
    const server = await rawServer(statuses(500, 200));
    const sender = simulateProvider(grantiva(), { url: server.url, secret: 'whsec_a', speed });
    const { id } = await sender.send('risk_alert');
    await sender.close();
    const [first, second] = server.requests.map(({ body }) => JSON.parse(body.toString()));
    expect(first).toMatchObject({ bundleId: 'com.example.app', teamId: 'A1B2C3D4E5' });
    expect(second).toEqual({ ...first, bundleId: '', teamId: '' });
    expect(Object.keys(second)).toEqual(Object.keys(first));
    const [before, after] = server.requests;
    expect(headerOf(after, 'x-grantiva-signature')).not.toBe(headerOf(before, 'x-grantiva-signature'));
    expect(headerOf(after, 'x-grantiva-event')).toBe('risk_alert');
    expect(headerOf(after, 'x-grantiva-delivery')).toBe(id);
  });
});

describe('speed', () => {
  it('divides the waits', async () => {
    const server = await rawServer(statuses(500, 500, 200));
    const waits: number[] = [];
    const sender = simulateProvider(grantex(), {
      url: server.url,
      secret: 'a',
      speed: 1_000,
      onAttempt: () => waits.push(performance.now()),
    });
    await sender.send();
    await sender.close();
    const [one = 0, two = 0, three = 0] = waits;
    // A timer never fires before its time, so these are lower bounds: 30 and 60 seconds by 1,000.
    expect(two - one).toBeGreaterThanOrEqual(29);
    expect(three - two).toBeGreaterThanOrEqual(59);
  });

  it('of 1 is the default: a retry waits for its real time', async () => {
    const server = await rawServer(statuses(500, 200));
    const controller = new AbortController();
    const attempts: EventEmitter<{ attempt: [SimulatedAttempt] }> = new EventEmitter();
    const attempted = once(attempts, 'attempt');
    const sender = simulateProvider(grantex(), {
      url: server.url,
      secret: 'a',
      onAttempt: (_delivery, attempt) => attempts.emit('attempt', attempt),
    });
    const sent = sender.send('grant.revoked', { signal: controller.signal });
    expect(await attempted).toMatchObject([{ status: 500, nextDelayMs: 30_000 }]);
    expect(sender.log).toMatchObject([{ state: 'pending', retries: 0 }]);
    controller.abort();
    expect(await sent).toMatchObject({ state: 'aborted', retries: 0 });
    await sender.close();
  });
});

describe('grantex crashes on', () => {
  it.each([204, 205, 304])(
    '%i: the delivery comes again when it has started anew, and crashes it again',
    async (status) => {
      const server = await rawServer(statuses(status));
      const sender = simulateProvider(grantex(), { url: server.url, secret: 'a', speed });
      const { state, attempts, retries } = await sender.send();
      await sender.close();
      expect([state, retries, server.requests.length]).toEqual(['failed', 4, 5]);
      // The real one would go on without end.
      const crash = { number: 1, status, error: 'sender_crashed', isDelivered: false };
      expect(attempts).toMatchObject([
        ...Array.from({ length: 4 }, () => ({ ...crash, nextDelayMs: 120_000 })),
        { ...crash, nextDelayMs: undefined },
      ]);
    },
  );

  it('204, and a receiver that is corrected meanwhile gets the event, with all its attempts left', async () => {
    const server = await rawServer(statuses(204, 204, 500, 500, 500, 500, 200));
    const sender = simulateProvider(grantex(), { url: server.url, secret: 'a', speed });
    const { state, attempts } = await sender.send();
    await sender.close();
    expect(state).toBe('delivered');
    expect(attempts.map(({ number, nextDelayMs }) => [number, nextDelayMs])).toEqual([
      [1, 120_000],
      [1, 120_000],
      [1, 30_000],
      [2, 60_000],
      [3, 120_000],
      [4, 240_000],
      [5, undefined],
    ]);
  });

  it('204 once and for all, where behaviour says that it does not start anew', async () => {
    const server = await rawServer(statuses(204));
    const behaviour = { restartsMs: [] };
    const sender = simulateProvider(grantex(), { url: server.url, secret: 'a', speed, behaviour });
    expect(await sender.send()).toMatchObject({ state: 'failed', retries: 0, attempts: [{ nextDelayMs: undefined }] });
    await sender.close();
  });
});

describe('behaviour', () => {
  it('changes what a provider does', async () => {
    const server = await rawServer(statuses(204, 302, 302));
    const behaviour = {
      delaysMs: [1, 2],
      crashesOn: [],
      delivers: (status: number) => status === 302,
      userAgent: undefined,
      rebuild: () => Buffer.from('{"again":true}'),
    };
    const sender = simulateProvider(grantex(), { url: server.url, secret: 'a', speed, behaviour });
    const { attempts } = await sender.send();
    await sender.close();
    expect(attempts).toMatchObject([
      { status: 204, isDelivered: false, nextDelayMs: 1 },
      { status: 302, isDelivered: true },
    ]);
    expect(server.requests[1]?.body.toString()).toBe('{"again":true}');
    // An option that is undefined is left as it was.
    expect(headerOf(server.requests[0], 'user-agent')).toBe('Grantex-Webhooks/0.1');
  });

  it('of a provider that is not built in is one attempt, unless it says more', async () => {
    const acme = defineProvider({
      name: 'acme',
      signature: { header: 'acme-signature', encoding: 'hex' },
      envelope: { type: 'type', data: 'data' },
    });
    const server = await rawServer(statuses(500));
    const once = simulateProvider(acme, { url: server.url, secret: 'a', speed });
    expect(await once.send({ body: { type: 'invoice.paid' } })).toMatchObject({ type: 'invoice.paid', retries: 0 });
    const thrice = simulateProvider(acme, { url: server.url, secret: 'a', speed, behaviour: { delaysMs: [5, 5] } });
    expect(await thrice.send({ body: 'no JSON' })).toMatchObject({ type: undefined, retries: 2 });
    await Promise.all([once.close(), thrice.close()]);
  });
});

describe('the log', () => {
  it('keeps the last deliveries in the order in which they were made', async () => {
    const server = await rawServer(statuses(200));
    const sender = simulateProvider(grantex(), { url: server.url, secret: 'a', keepLast: 2 });
    for (const id of ['one', 'two', 'three']) await sender.send('grant.created', { id });
    await sender.close();
    expect(sender.log.map(({ id }) => id)).toEqual(['two', 'three']);
  });

  it('cuts a reply at 2,000 characters, and survives bytes that are no text', async () => {
    const bodies = ['😀'.repeat(2_500), Buffer.from([0xff, 0xfe, 0x41])];
    const server = await rawServer(({ socket }, index) => {
      const body = Buffer.from(bodies[index] ?? '');
      socket.write(`HTTP/1.1 200 OK\r\nContent-Length: ${body.length}\r\n\r\n`);
      socket.write(body);
    });
    const sender = simulateProvider(grantex(), { url: server.url, secret: 'a' });
    const replies = [await sender.send(), await sender.send()].map(({ attempts }) => attempts[0]?.body);
    await sender.close();
    expect(replies).toEqual(['😀'.repeat(2_000), '\ufffd\ufffdA']);
  });
});

describe('rotateSecret', () => {
  it('signs with the next secret from then on, retries included', async () => {
    const server = await rawServer(statuses(500, 200));
    const options = { url: server.url, now: () => 1_795_216_193_000, speed };
    const onAttempt = vi.fn(() => sender.rotateSecret('next'));
    const sender = simulateProvider(gravv(), { ...options, secret: 'old', behaviour: { delaysMs: [1] }, onAttempt });
    await sender.send({ body: '{}' });
    const other = simulateProvider(gravv(), { ...options, secret: 'next' });
    await other.send({ body: '{}' });
    await Promise.all([sender.close(), other.close()]);
    const [old, retried, next] = server.requests.map((request) => headerOf(request, 'x-gravv-signature'));
    expect(retried).toBe(next);
    expect(old).not.toBe(next);
  });

  it('with overlap sends both signatures, the next one first', async () => {
    const server = await rawServer(statuses(200));
    const [older, newer] = [standardSecret, `whsec_${btoa('n'.repeat(32))}`];
    const options = { url: server.url, now: () => 1_795_216_193_000 };
    const sender = simulateProvider(standardWebhooks(), { ...options, secret: older });
    const other = simulateProvider(standardWebhooks(), { ...options, secret: newer });
    await sender.send({ body: '{}' }, { id: 'msg_1' });
    await other.send({ body: '{}' }, { id: 'msg_1' });
    sender.rotateSecret(newer, { overlap: true });
    await sender.send({ body: '{}' }, { id: 'msg_1' });
    await Promise.all([sender.close(), other.close()]);
    const [old, next, both] = server.requests.map((request) => headerOf(request, 'webhook-signature'));
    expect(both).toBe(`${next} ${old}`);
  });

  it('refuses an overlap where the header carries one signature only', () => {
    const sender = simulateProvider(grantex(), { url: 'http://localhost', secret: 'a' });
    expect(() => sender.rotateSecret('b', { overlap: true })).toThrow(
      expect.objectContaining({ code: 'invalid_options', message: expect.stringContaining('overlap') }),
    );
    expect(() => sender.rotateSecret('')).toThrow(expect.objectContaining({ code: 'invalid_options' }));
  });
});
