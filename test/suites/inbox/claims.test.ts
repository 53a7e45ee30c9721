import { fork } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as pause } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { type ClaimStore, createReceiver, grantex, type OutcomeReport } from '@hookproof/core';
import { postgresClaims } from '@hookproof/inbox/postgres';
import { redisClaims } from '@hookproof/inbox/redis';
import { signedDelivery } from '@hookproof/testing';
import { Redis, type RedisOptions } from 'ioredis';
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import type { Place } from './claims-app.ts';
import { stateOf, take } from './claims-taking.ts';
import { startPostgres, startRedis } from './servers.ts';

const secret = 'the secret of the app';
const servers = { postgres: await startPostgres(), redis: await startRedis() };
const pools: pg.Pool[] = [];
const clients: Redis[] = [];
const apps: App[] = [];
let stores = 0;

/** The name of a store that nobody has used: a schema, a prefix. */
function fresh(): string {
  stores += 1;
  return `claims_${process.pid}_${stores}`;
}

function newPool(options: pg.PoolConfig = {}): pg.Pool {
  const pool = new pg.Pool({ connectionString: servers.postgres?.url, ...options });
  pools.push(pool);
  return pool;
}

type ClientOptions = Pick<RedisOptions, 'retryStrategy'>;

function newClient(
  options: ClientOptions = {},
  { url }: { readonly url: string } = servers.redis ?? { url: '' },
): Redis {
  const client = new Redis(url, { retryStrategy: () => 50, ...options });
  client.on('error', () => undefined);
  clients.push(client);
  return client;
}

/** Claims of a connection of their own, as another process has them. */
type Open = (name: string, options?: { readonly retainMs?: number }) => ClaimStore;

const engines = {
  postgres: (schema, options) => postgresClaims(newPool(), { schema, ...options }),
  redis: (prefix, options) => redisClaims(newClient(), { prefix, ...options }),
} satisfies Record<string, Open>;

/** An app in another process. */
interface App {
  /** What it has said so far. */
  readonly told: readonly string[];
  readonly until: (what: string) => Promise<void>;
  /** Delivers an event; resolves with the status and the outcome of the reply. */
  readonly deliver: (name: string, id: string, how?: { readonly held?: boolean; leaseMs?: number }) => Promise<string>;
  /** Ends the handler that is held. */
  readonly end: (how: 'succeed' | 'fail') => void;
  readonly kill: () => Promise<void>;
}

async function startApp(engine: 'postgres' | 'redis'): Promise<App> {
  const place: Place = { engine, secret, url: servers[engine]?.url ?? '' };
  const child = fork(fileURLToPath(new URL('claims-app.ts', import.meta.url)), [JSON.stringify(place)], {
    execArgv: ['--conditions=@hookproof/source', '--import', 'tsx'],
  });
  const told: string[] = [];
  child.on('message', (message) => told.push(String(message)));
  const until = (what: string) => vi.waitFor(() => expect(told).toContain(what), { timeout: 20_000, interval: 5 });
  const port = await vi.waitFor(() => told[0]?.match(/^up (\d+)$/)?.[1] ?? expect.fail(`the app said ${told[0]}`), {
    timeout: 30_000,
    interval: 20,
  });
  const app: App = {
    told,
    until,
    async deliver(name, id, { held = false, leaseMs = 60_000 } = {}) {
      const data = { grantId: held ? 'held' : 'quick', cascade: false };
      const body = { id, type: 'grant.revoked', createdAt: '2026-11-21T12:00:00.000Z', data };
      const signed = await signedDelivery(grantex(), { body }, { secret });
      const url = `http://127.0.0.1:${port}/${name}/${leaseMs}`;
      const response = await fetch(url, { method: 'POST', headers: signed.headers, body: signed.body });
      const reply: { outcome?: string; code?: string } = JSON.parse(await response.text());
      return `${response.status} ${reply.outcome ?? reply.code}`;
    },
    end: (how) => child.send(how),
    async kill() {
      if (child.exitCode !== null || child.signalCode !== null) return;
      const ended = once(child, 'exit');
      child.kill('SIGKILL');
      await ended;
    },
  };
  apps.push(app);
  return app;
}

afterAll(async () => {
  await Promise.all(apps.map((app) => app.kill()));
  for (const client of clients) client.disconnect();
  await Promise.all(pools.map((pool) => pool.end()));
  await Promise.all(Object.values(servers).map((server) => server?.stop()));
});

describe.each(['postgres', 'redis'] as const)('claims in %s', { timeout: 60_000 }, (engine) => {
  const open: Open = engines[engine];
  const test = it.skipIf(servers[engine] === undefined);

  describe.skipIf(servers[engine] === undefined)('of two processes', () => {
    let one: App;
    let other: App;
    beforeAll(async () => {
      [one, other] = await Promise.all([startApp(engine), startApp(engine)]);
    }, 60_000);

    it('each event is handled once, however often both get it at the same time', async () => {
      const name = fresh();
      const ids = Array.from({ length: 150 }, (_, index) => `evt_${index}`);
      const replies: string[] = [];
      for (const [index, id] of ids.entries()) {
        const four = index % 2 === 0 ? [one, other, one, other] : [other, one, other, one];
        replies.push(...(await Promise.all(four.map((app) => app.deliver(name, id)))));
      }
      const handledBy = ({ told }: App) => told.filter((what) => what.startsWith('ends evt_'));
      const expected = ids.map((id) => `ends ${id}`).toSorted();
      expect([...handledBy(one), ...handledBy(other)].toSorted()).toEqual(expected);
      expect(replies.filter((reply) => reply === '200 handled')).toHaveLength(150);
      expect(replies.filter((reply) => !/^(200 handled|200 duplicate|409 busy)$/.test(reply))).toEqual([]);
      // They really ran against each other.
      expect(handledBy(one).length).toBeGreaterThan(10);
      expect(handledBy(other).length).toBeGreaterThan(10);
      const again = await Promise.all(ids.flatMap((id) => [one, other].map((app) => app.deliver(name, id))));
      expect(new Set(again)).toEqual(new Set(['200 duplicate']));
      expect([...handledBy(one), ...handledBy(other)]).toHaveLength(150);
    });

    it('both may begin at the same time with claims that nobody has used', async () => {
      for (let round = 0; round < 25; round += 1) {
        const name = fresh();
        const replies = await Promise.all(
          [one, other].flatMap((app) => [app.deliver(name, 'first a'), app.deliver(name, 'first b')]),
        );
        expect(replies.filter((reply) => reply === '200 handled')).toHaveLength(2);
        expect(replies.filter((reply) => !/^(200 handled|200 duplicate|409 busy)$/.test(reply))).toEqual([]);
      }
    });

    it('what one was killed with is handled by the other when the lease is over, and not before', async () => {
      const name = fresh();
      const victim = await startApp(engine);
      const begun = performance.now();
      const reply = victim.deliver(name, 'killed', { held: true, leaseMs: 3_000 }).catch(() => 'none');
      await victim.until('begins killed');
      await victim.kill();
      expect(await reply).toBe('none');
      expect(await other.deliver(name, 'killed')).toBe('409 busy');
      await vi.waitFor(async () => expect(await other.deliver(name, 'killed')).toBe('200 handled'), {
        timeout: 10_000,
        interval: 50,
      });
      expect(performance.now() - begun).toBeGreaterThanOrEqual(3_000);
      expect(await one.deliver(name, 'killed')).toBe('200 duplicate');
    });

    it('one that failed lets the other handle the next delivery at once', async () => {
      const name = fresh();
      const reply = one.deliver(name, 'failed', { held: true });
      await one.until('begins failed');
      expect(await other.deliver(name, 'failed')).toBe('409 busy');
      one.end('fail');
      expect(await reply).toBe('500 handler_failed');
      expect(await other.deliver(name, 'failed')).toBe('200 handled');
      expect(await one.deliver(name, 'failed')).toBe('200 duplicate');
    });

    it.each(['succeed', 'fail'] as const)('one that is late changes nothing for the other: %s', async (how) => {
      const name = fresh();
      const late = one.deliver(name, `late ${how}`, { held: true, leaseMs: 300 });
      await one.until(`begins late ${how}`);
      await pause(350);
      const current = other.deliver(name, `late ${how}`, { held: true });
      await other.until(`begins late ${how}`);
      one.end(how);
      expect(await late).toBe(how === 'succeed' ? '200 handled' : '500 handler_failed');
      expect(await one.deliver(name, `late ${how}`)).toBe('409 busy');
      other.end('fail');
      expect(await current).toBe('500 handler_failed');
      expect(await one.deliver(name, `late ${how}`)).toBe('200 handled');
    });

    it('what was handled is known to a process that starts afterwards', async () => {
      const name = fresh();
      const before = await startApp(engine);
      expect(await before.deliver(name, 'restarted')).toBe('200 handled');
      await before.kill();
      const after = await startApp(engine);
      expect(await after.deliver(name, 'restarted')).toBe('200 duplicate');
    });

    it('nothing of this was an error of the claims', () => {
      const errors = [...one.told, ...other.told].filter((what) => what.startsWith('error'));
      expect(new Set(errors)).toEqual(new Set(['error handler_failed']));
    });
  });

  test('a key is taken by the first, busy while that works on it, and done afterwards', async () => {
    const name = fresh();
    const [one, other] = [open(name), open(name)];
    const claim = await take(one, 'a');
    expect([await stateOf(one, 'a'), await stateOf(other, 'a')]).toEqual(['busy', 'busy']);
    expect(await stateOf(other, 'b')).toBe('taken');
    await claim.done();
    expect([await stateOf(one, 'a'), await stateOf(other, 'a')]).toEqual(['done', 'done']);
  });

  test('64 claims of one key at once give it to exactly one, new or lost', async () => {
    const name = fresh();
    const all = Array.from({ length: 16 }, () => open(name));
    for (let round = 0; round < 10; round += 1) {
      const key = `key ${round}`;
      // Every other one was somebody's who has lost it.
      if (round % 2 === 0) await take(open(name), key, 20);
      await pause(40);
      const claims = await Promise.all(
        Array.from({ length: 64 }, (_, index) => all[index % all.length]?.claim(key, 60_000)),
      );
      const states = claims.map((claim) => claim?.state).toSorted();
      expect(states).toEqual([...Array(63).fill('busy'), 'taken']);
    }
  });

  test('a released key is free', async () => {
    const name = fresh();
    const [one, other] = [open(name), open(name)];
    await (await take(one, 'a')).release();
    const claim = await take(other, 'a');
    await claim.done();
    // It has been said already, by whoever says it twice.
    await claim.release();
    expect(await stateOf(one, 'a')).toBe('done');
  });

  test('a claim is lost when its lease is over and not before, and so is that of the next', async () => {
    const name = fresh();
    const [one, other] = [open(name), open(name)];
    await (await take(other, 'a')).release();
    for (const claims of [one, other]) {
      const begun = performance.now();
      await take(claims, 'a', 1_000);
      expect([await stateOf(one, 'a'), await stateOf(other, 'a')]).toEqual(['busy', 'busy']);
      const next = await vi.waitFor(() => take(other, 'a'), { timeout: 10_000, interval: 10 });
      expect(performance.now() - begun).toBeGreaterThanOrEqual(1_000);
      await next.release();
    }
  });

  test('who is late is not heard while somebody else holds the key, nor after that one was done', async () => {
    const name = fresh();
    const [one, other] = [open(name), open(name)];
    const late = await take(one, 'a', 50);
    await pause(80);
    const current = await take(other, 'a');
    await late.done();
    expect(await stateOf(one, 'a')).toBe('busy');
    await late.release();
    expect(await stateOf(one, 'a')).toBe('busy');
    await current.done();
    await late.release();
    expect(await stateOf(one, 'a')).toBe('done');
  });

  test('who is late is believed where nobody has begun again, or has let go again', async () => {
    const name = fresh();
    const [one, other] = [open(name), open(name)];
    const first = await take(one, 'a', 50);
    const second = await take(one, 'b', 50);
    const third = await take(one, 'c', 50);
    await pause(80);
    await first.done();
    expect(await stateOf(other, 'a')).toBe('done');
    await (await take(other, 'b')).release();
    await second.done();
    expect(await stateOf(other, 'b')).toBe('done');
    await take(other, 'c', 50);
    await pause(80);
    await third.done();
    expect(await stateOf(other, 'c')).toBe('done');
  });

  test('what was handled is remembered for retainMs, and not for longer', async () => {
    const claims = open(fresh(), { retainMs: 1_000 });
    const claim = await take(claims, 'a', 100);
    const begun = performance.now();
    await claim.done();
    expect(await stateOf(claims, 'a')).toBe('done');
    await vi.waitFor(() => take(claims, 'a'), { timeout: 10_000, interval: 10 });
    expect(performance.now() - begun).toBeGreaterThanOrEqual(1_000);
    expect(performance.now() - begun).toBeLessThan(9_000);
  });

  test('the clock of a process has no say', async () => {
    const name = fresh();
    const [one, other] = [open(name), open(name)];
    await take(one, 'running');
    await (await take(one, 'handled')).done();
    vi.useFakeTimers({ toFake: ['Date'], now: Date.now() + 365 * 24 * 60 * 60 * 1_000 });
    try {
      expect([await stateOf(other, 'running'), await stateOf(other, 'handled')]).toEqual(['busy', 'done']);
      await take(other, 'soon', 50);
    } finally {
      vi.useRealTimers();
    }
    await pause(80);
    expect(await stateOf(one, 'soon')).toBe('taken');
  });

  test('keys are texts of any kind', async () => {
    const claims = open(fresh());
    const keys = ['', ' ', '__proto__', "'; DROP TABLE claims; --", '{a}:*', 'ü😀', 'x'.repeat(600), '😀'.repeat(256)];
    for (const key of keys) {
      const claim = await take(claims, key);
      expect(await stateOf(claims, key)).toBe('busy');
      await claim.done();
      expect(await stateOf(claims, key)).toBe('done');
    }
  });

  test('what cannot be noted is reported, and the event counts as handled', async () => {
    const own = engine === 'postgres' ? await startPostgres() : await startRedis();
    if (own === undefined) throw new Error('it was there a moment ago');
    try {
      const reports: OutcomeReport[] = [];
      const claims =
        engine === 'postgres'
          ? postgresClaims(newPool({ connectionString: own.url }), { onError: () => undefined })
          : redisClaims(newClient({ retryStrategy: () => null }, own));
      const receiver = createReceiver({
        provider: grantex(),
        secret,
        dedupe: claims,
        on: { '*': ({ id }) => (id === 'last' ? own.stop() : undefined) },
        onOutcome: (report) => void reports.push(report),
      });
      const deliver = async (id: string) => {
        const signed = await signedDelivery(
          grantex(),
          { body: { id, type: 'new.type', createdAt: 'now', data: {} } },
          { secret },
        );
        return (await receiver.receive({ headers: signed.headers, body: signed.body })).status;
      };
      expect(await deliver('first')).toBe(200);
      expect(await deliver('first')).toBe(200);
      expect(await deliver('last')).toBe(200);
      expect(await deliver('next')).toBe(503);
      expect(reports.map(({ outcome, error }) => [outcome, error?.code])).toEqual([
        ['handled', undefined],
        ['duplicate', undefined],
        ['handled', 'claims_unavailable'],
        ['claims_unavailable', 'claims_unavailable'],
      ]);
    } finally {
      await own.stop();
    }
  });
});
