import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { type GrantexEndpoints, type GrantivaEndpoints, grantexEndpoints } from '@hookproof/endpoints';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { all, errorOf, grantex, grantiva } from './clients.ts';
import {
  type Answer,
  grantexKey,
  loseAnswer,
  reply,
  reset,
  resetInBody,
  silence,
  stall,
  usual,
  write,
} from './servers.ts';
import { shorten } from './shorten.ts';

const url = 'https://example.com/hooks';
const events = ['grant.created'];
const id = 'wh_00000001';

const repeated: Readonly<Record<string, (endpoints: GrantexEndpoints) => Promise<unknown>>> = {
  list: (endpoints) => endpoints.list(),
  deliveries: (endpoints) => all(endpoints.deliveries(id)),
  delete: (endpoints) => endpoints.delete(id),
};

const temporary: Readonly<Record<string, Answer>> = {
  '429': reply(429, { code: 'BAD_REQUEST' }),
  '500': reply(500),
  '503': reply(503, undefined, { 'retry-after': '0' }),
  'a reset': reset,
  'a reset in an error': resetInBody(502),
};

afterEach(() => void vi.restoreAllMocks());

describe('a call that may be repeated', () => {
  for (const [name, call] of Object.entries(repeated)) {
    it.each(Object.entries(temporary))(`is repeated: ${name} after %s`, async (_what, answer) => {
      const { server, endpoints } = await grantex();
      server.add({ url, events });
      server.next(answer, answer, answer);
      await call(endpoints);
      expect(server.seen).toHaveLength(4);
    });

    it.each(Object.entries(temporary))(`fails after maxAttempts: ${name} after %s`, async (_what, answer) => {
      const { server, endpoints } = await grantex({ maxAttempts: 2 });
      server.add({ url, events });
      server.next(answer, answer, answer);
      expect((await errorOf(call(endpoints))).attempts).toBe(2);
      expect(server.seen).toHaveLength(2);
    });
  }

  it.each([400, 401, 402, 403, 404, 409, 413, 415, 422])('is not repeated after %i', async (status) => {
    const { server, endpoints } = await grantex();
    server.next(reply(status));
    expect(await errorOf(endpoints.list())).toMatchObject({ status, attempts: 1 });
    expect(server.seen).toHaveLength(1);
  });

  it('is an update too', async () => {
    const { server, endpoints } = await grantiva();
    const row = server.add({ url, events });
    server.next(loseAnswer, reply(503));
    expect(await endpoints.update(row.id, { isActive: false })).toMatchObject({ isActive: false });
    expect(server.seen.map(({ method }) => method)).toEqual(['PATCH', 'PATCH', 'PATCH']);
  });

  it('is read again where its body breaks off', async () => {
    const { server, endpoints } = await grantex();
    server.next(resetInBody(200));
    expect(await endpoints.list()).toEqual([]);
    expect(server.seen).toHaveLength(2);
  });
});

describe('create', () => {
  const create = (endpoints: Pick<GrantexEndpoints | GrantivaEndpoints, 'create'>) => endpoints.create({ url, events });
  const unclear: Readonly<Record<string, Answer>> = {
    'a 500': reply(500),
    'a lost answer': loseAnswer,
    'a reset': reset,
    'a reset in the body': resetInBody(201),
  };

  it.each(Object.entries(unclear))(
    'is not repeated after %s, and says that the endpoint may exist',
    async (_, answer) => {
      for (const { server, endpoints } of [await grantex(), await grantiva()]) {
        server.next(answer);
        const error = await errorOf(create(endpoints));
        expect(error.attempts).toBe(1);
        expect(error.fix).toMatch(/The endpoint may exist now.*list\(\)/);
        expect(server.seen).toHaveLength(1);
      }
    },
  );

  it.each([silence, stall(201)])('says so after timeoutMs too', async (answer) => {
    const { server, endpoints } = await grantex({ timeoutMs: 500 });
    server.next(answer);
    const error = await errorOf(create(endpoints));
    expect(error).toMatchObject({ code: 'timed_out', attempts: 1, fix: expect.stringContaining('may exist now') });
    expect(server.seen).toHaveLength(1);
  });

  it.each([400, 402, 429])('does not say so after %i, which refuses it', async (status) => {
    const { server, endpoints } = await grantex();
    server.next(reply(status));
    const error = await errorOf(create(endpoints));
    expect(error).toMatchObject({ status, attempts: 1 });
    expect(error.fix).not.toContain('may exist');
  });

  it('does not say so where no connection was made', async () => {
    const { server, endpoints } = await grantex();
    await server.close();
    const error = await errorOf(create(endpoints));
    expect(error).toMatchObject({ code: 'network_error', cause: { code: 'ECONNREFUSED' } });
    expect(error.message).toContain('ECONNREFUSED');
    expect(error.fix).not.toContain('may exist');
  });
});

const performThenFail: Answer = (response, perform) => {
  perform();
  write(response, { status: 500 });
};

describe('a deletion', () => {
  it.each([
    ['its answer was lost', [loseAnswer]],
    ['a 500 came first', [performThenFail]],
    ['a 429 came between', [loseAnswer, reply(429)]],
  ] satisfies [string, Answer[]][])('that finds nothing any more has succeeded where %s', async (_what, answers) => {
    const { server, endpoints } = await grantex();
    server.add({ url, events });
    server.next(...answers);
    expect(await endpoints.delete(id)).toBeUndefined();
    expect(server.rows).toEqual([]);
  });

  it('of what was never there is not_found, also after a 429', async () => {
    const { server, endpoints } = await grantex();
    server.next(reply(429));
    expect(await errorOf(endpoints.delete(id))).toMatchObject({ code: 'not_found', attempts: 2 });
  });

  it('that timed out and finds nothing any more has succeeded', async () => {
    const { server, endpoints } = await grantex({ timeoutMs: 500 });
    server.add({ url, events });
    server.next((_response, perform) => void perform());
    expect(await endpoints.delete(id)).toBeUndefined();
  });
});

describe('timeoutMs', () => {
  it.each([
    ['headers that never come', silence],
    ['a body that stalls', stall(200)],
  ])('ends %s', async (_what, answer) => {
    const { server, endpoints } = await grantex({ timeoutMs: 500, maxAttempts: 2 });
    server.next(answer, answer);
    const error = await errorOf(endpoints.list());
    expect(error).toMatchObject({ code: 'timed_out', attempts: 2, fix: expect.stringContaining('timeoutMs') });
    expect(server.seen).toHaveLength(2);
  });

  it('ends the body of an error, of which the status stays', async () => {
    const { server, endpoints } = await grantex({ timeoutMs: 500 });
    server.next(stall(401));
    expect(await errorOf(endpoints.list())).toMatchObject({ code: 'unauthorized', status: 401 });
  });

  it('ends a fetch that does not listen to its signal', async () => {
    const { endpoints } = await grantex({ timeoutMs: 50, maxAttempts: 1, fetch: () => new Promise(() => {}) });
    expect(await errorOf(endpoints.list())).toMatchObject({ code: 'timed_out' });
  });

  it('leaves no timer and no listener behind', async () => {
    const { server, endpoints } = await grantex({ timeoutMs: 60_000 });
    const cleared = vi.spyOn(globalThis, 'clearTimeout');
    const set = vi.spyOn(globalThis, 'setTimeout');
    const { signal } = new AbortController();
    const added = vi.spyOn(signal, 'addEventListener');
    const removed = vi.spyOn(signal, 'removeEventListener');
    server.next(reply(503));
    await endpoints.list({ signal });
    const own = set.mock.results.filter((_result, index) => [60_000, 0].includes(set.mock.calls[index]?.[1] ?? -1));
    expect(own.length).toBeGreaterThanOrEqual(3);
    const ended = cleared.mock.calls.map(([timer]) => timer);
    for (const { value } of own) expect(ended).toContain(value);
    expect(added).toHaveBeenCalledTimes(3);
    expect(removed.mock.calls.map(([, listener]) => listener)).toEqual(
      added.mock.calls.map(([, listener]) => listener),
    );
  });
});

/** An hour from now in each form that a date may have in HTTP. */
function inAnHour(): readonly string[] {
  const now = new Date(Date.now() + 3_600_000);
  const today = now.toUTCString();
  const [, day = '', month = '', year = '', time = ''] = today.split(' ');
  const weekday = new Intl.DateTimeFormat('en', { weekday: 'long', timeZone: 'UTC' }).format(now);
  const old = `${weekday}, ${day}-${month}-${year.slice(2)} ${time} GMT`;
  return [today, old, `${today.slice(0, 3)} ${month} ${day.replace(/^0/, ' ')} ${time} ${year}`];
}

describe('between attempts', () => {
  it('waits 500 ms, 1 s, 2 s … with a fifth more or less', async () => {
    const found = shorten(400, 1_000, 2_400);
    vi.spyOn(Math, 'random').mockReturnValueOnce(0).mockReturnValueOnce(0.5).mockReturnValueOnce(1);
    const { server } = await grantex();
    server.next(reply(503), reply(503), reply(503));
    await grantexEndpoints({ baseUrl: server.baseUrl, apiKey: grantexKey }).list();
    expect(found).toEqual([400, 1_000, 2_400]);
  });

  it('asks backoff with the number of the attempt', async () => {
    const asked: number[] = [];
    const { server, endpoints } = await grantex({ backoff: (attempt) => asked.push(attempt) * 0 });
    server.next(reply(503), reply(429), reset);
    await endpoints.list();
    expect(asked).toEqual([1, 2, 3]);
  });

  it.each([[-1], [Number.NaN], [Number.POSITIVE_INFINITY]])('refuses %d of backoff', async (delay) => {
    const { server, endpoints } = await grantex({ backoff: () => delay });
    server.next(reply(503));
    await expect(endpoints.list()).rejects.toMatchObject({ code: 'invalid_options' });
  });

  it.each([429, 503])('waits as long as retry-after of a %i says', async (status) => {
    const found = shorten(7_000, 60_000);
    const { server, endpoints } = await grantex();
    server.next(reply(status, undefined, { 'retry-after': '7' }), reply(status, undefined, { 'retry-after': '60' }));
    await endpoints.list();
    expect(found).toEqual([7_000, 60_000]);
  });

  it('waits as long as backoff where that is longer', async () => {
    const found = shorten(7_000, 20_000);
    const { server, endpoints } = await grantex({ backoff: () => 20_000 });
    vi.spyOn(Math, 'random').mockReturnValue(0.5);
    server.next(reply(429, undefined, { 'retry-after': '7' }));
    await endpoints.list();
    expect(found).toEqual([20_000]);
  });

  it.each<[string, number | undefined]>([
    ['61', 61_000],
    ['99999999999999999999', Number.MAX_SAFE_INTEGER],
    ...inAnHour().map((date): [string, undefined] => [date, undefined]),
  ])('gives up at once where retry-after is %s', async (header, ms) => {
    const { server, endpoints } = await grantex();
    server.next(reply(429, undefined, { 'retry-after': header }));
    const error = await errorOf(endpoints.list());
    expect(error).toMatchObject({ code: 'rate_limited', attempts: 1 });
    if (ms === undefined) expect(error.retryAfterMs).toBeGreaterThan(60_000);
    else expect(error.retryAfterMs).toBe(ms);
  });

  it.each([
    ['soon', undefined],
    ['-1', undefined],
    ['1.5', undefined],
    ['', undefined],
    [new Date(0).toUTCString(), 0],
  ])('waits only as long as backoff where retry-after is %j', async (header, retryAfterMs) => {
    const { server, endpoints } = await grantex({ maxAttempts: 2 });
    const answer = reply(429, undefined, { 'retry-after': header });
    server.next(answer, answer);
    expect(await errorOf(endpoints.list())).toMatchObject({ attempts: 2, retryAfterMs });
  });

  it('says in the last error how long to wait', async () => {
    const { server, endpoints } = await grantex({ maxAttempts: 1 });
    server.next(reply(429, undefined, { 'retry-after': '3' }));
    expect((await errorOf(endpoints.list())).retryAfterMs).toBe(3_000);
  });
});

describe('a signal', () => {
  const reason = new Error('enough');

  it('that is aborted sends nothing', async () => {
    const { server, endpoints } = await grantex();
    const signal = AbortSignal.abort(reason);
    for (const call of [endpoints.list({ signal }), endpoints.create({ url, events }, { signal })]) {
      const error = await errorOf(call);
      expect(error).toMatchObject({ code: 'aborted', attempts: 0, cause: reason });
      expect(error.fix).not.toContain('may exist');
    }
    expect(server.seen).toEqual([]);
  });

  it.each([
    ['before the headers', silence],
    ['in the body', stall(200)],
    ['in the body of an error', stall(503)],
  ])('stops an attempt %s', async (_what, answer) => {
    const { server, endpoints } = await grantex();
    const controller = new AbortController();
    server.next((response, perform, seen) => {
      answer(response, perform, seen);
      setImmediate(() => controller.abort(reason));
    });
    const error = await errorOf(endpoints.list({ signal: controller.signal }));
    expect(error).toMatchObject({ code: 'aborted', attempts: 1, cause: reason });
    expect(server.seen).toHaveLength(1);
  });

  it('stops a creation, which may have happened', async () => {
    const { server, endpoints } = await grantex();
    const controller = new AbortController();
    server.next(() => controller.abort(reason));
    const error = await errorOf(endpoints.create({ url, events }, { signal: controller.signal }));
    expect(error).toMatchObject({ code: 'aborted', attempts: 1, fix: expect.stringContaining('may exist now') });
  });

  it.each([201, 503])('stops a creation in the body of a %i', async (status) => {
    const controller = new AbortController();
    const { server, endpoints } = await grantex({
      fetch: async (url, init) => {
        const response = await fetch(url, init);
        setImmediate(() => controller.abort(reason));
        return response;
      },
    });
    server.next(stall(status));
    const error = await errorOf(endpoints.create({ url, events }, { signal: controller.signal }));
    expect(error).toMatchObject({ code: 'aborted', attempts: 1, cause: reason });
  });

  it('stops the wait for the next attempt', async () => {
    const controller = new AbortController();
    const { server, endpoints } = await grantex({
      backoff: () => {
        setImmediate(() => controller.abort(reason));
        return 2 ** 30;
      },
    });
    server.next(reply(503));
    const error = await errorOf(endpoints.list({ signal: controller.signal }));
    expect(error).toMatchObject({ code: 'aborted', attempts: 1, cause: reason });
    expect(server.seen).toHaveLength(1);
  });

  it('stops the reading of deliveries', async () => {
    const { server, endpoints } = await grantex();
    server.add({ url, events });
    server.deliver();
    server.deliver();
    const controller = new AbortController();
    const found: string[] = [];
    const read = async () => {
      for await (const one of endpoints.deliveries(id, { pageSize: 1 }, { signal: controller.signal })) {
        found.push(one.id);
        controller.abort(reason);
      }
    };
    expect(await errorOf(read())).toMatchObject({ code: 'aborted', attempts: 0 });
    expect(found).toEqual(['whd_2']);
  });

  it('that is aborted later changes nothing', async () => {
    const { server, endpoints } = await grantex();
    const controller = new AbortController();
    server.next(usual);
    expect(await endpoints.list({ signal: controller.signal })).toEqual([]);
    controller.abort(reason);
  });
});

describe('a body that does not end', () => {
  it('is read no further than 1 MiB', async () => {
    let sent = 0;
    let closed: () => void;
    const isClosed = new Promise<void>((resolve) => {
      closed = resolve;
    });
    const server = createServer((_request, response) => {
      response.on('close', () => closed());
      const more = () => {
        if (response.destroyed) return;
        sent += 65_536;
        response.write('x'.repeat(65_536), () => setImmediate(more));
      };
      more();
    });
    await once(server.listen(0, '127.0.0.1'), 'listening');
    const { port } = server.address() as AddressInfo;
    const endpoints = grantexEndpoints({ baseUrl: `http://127.0.0.1:${port}`, apiKey: grantexKey });
    expect(await errorOf(endpoints.list())).toMatchObject({ code: 'unexpected_response' });
    await isClosed;
    expect(sent).toBeGreaterThan(1024 * 1024);
    await new Promise((resolve) => server.close(resolve));
  });
});
