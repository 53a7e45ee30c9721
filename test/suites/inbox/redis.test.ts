import { setTimeout as pause } from 'node:timers/promises';
import type { DeliverySummary, Inbox, WorkOutcome } from '@hookproof/core';
import { createReceiver, grantex, WebhookError } from '@hookproof/core';
import type { Attempt, NewDelivery } from '@hookproof/core/inbox';
import { type RedisInboxOptions, redisInbox } from '@hookproof/inbox/redis';
import { inboxConformance } from '@hookproof/testing/inbox-conformance';
import { Queue } from 'bullmq';
import { Redis, type RedisOptions } from 'ioredis';
import { afterAll, afterEach, expect, it } from 'vitest';
import { type Server, startRedis } from './servers.ts';

const server = await startRedis();
const connections: Redis[] = [];
const inboxes: Inbox[] = [];
let prefixes = 0;

afterEach(async () => {
  await Promise.all(inboxes.splice(0).map((inbox) => inbox.close({ maxMs: 100 })));
  for (const connection of connections.splice(0)) connection.disconnect();
});
afterAll(() => server?.stop());

type Options = Pick<RedisOptions, 'lazyConnect' | 'maxRetriesPerRequest'>;

function connect(options: Options = {}, { url }: { readonly url: string } = server ?? { url: '' }): Redis {
  const connection = new Redis(url, { retryStrategy: () => 50, ...options });
  connection.on('error', () => undefined);
  connections.push(connection);
  return connection;
}

/** An inbox that keeps what it would log. */
function open(options: Partial<RedisInboxOptions> = {}) {
  const errors: unknown[] = [];
  const inbox = redisInbox({
    connection: connect(),
    pollMs: 20,
    backoff: () => 0,
    onError: (error) => errors.push(error),
    ...options,
  });
  inboxes.push(inbox);
  return { inbox, errors };
}

function fresh(): string {
  prefixes += 1;
  return `test-${process.pid}-${prefixes}`;
}

function delivery(key: string, more: Partial<NewDelivery> = {}): NewDelivery {
  const body = new TextEncoder().encode(`{"id":"${key}"}`);
  const headers = new Map([['content-type', 'application/json']]);
  return { name: 'shop', key, type: 'order.paid', owner: undefined, lane: undefined, headers, body, ...more };
}

/** Has an inbox work on what is for a receiver. */
function work(inbox: Inbox, handle: (attempt: Attempt) => unknown, name = 'shop') {
  const settled: [WorkOutcome, string | undefined][] = [];
  inbox.register({
    name,
    async work(attempt) {
      let failed = attempt.failure;
      try {
        if (failed === undefined) await handle(attempt);
      } catch (cause) {
        failed = new WebhookError('handler_failed', 'It failed.', { cause });
      }
      const { outcome, error } = await attempt.settle(failed);
      settled.push([outcome, error?.code]);
      return outcome;
    },
  });
  return settled;
}

async function until(condition: () => boolean | Promise<boolean>): Promise<void> {
  const end = performance.now() + 8_000;
  while (!(await condition())) {
    if (performance.now() > end) throw new Error('it did not come to that');
    await pause(10);
  }
}

async function listed(inbox: Inbox): Promise<DeliverySummary[]> {
  const all: DeliverySummary[] = [];
  for await (const one of inbox.list()) all.push(one);
  return all;
}

async function only(inbox: Inbox): Promise<DeliverySummary> {
  const all = await listed(inbox);
  expect(all).toHaveLength(1);
  return all[0] as DeliverySummary;
}

function queueOf(prefix: string): Queue {
  return new Queue('shop', { connection: connect({ maxRetriesPerRequest: null }), prefix });
}

const withRedis = server === undefined ? it.skip : it;

if (server !== undefined) {
  inboxConformance({
    name: 'redis',
    test: it,
    open: (store, settings) => redisInbox({ connection: connect(), prefix: store, ...settings }),
  });
}

withRedis('50 copies of 200 events that come to two inboxes at once are new once each', async () => {
  const prefix = fresh();
  const [one, two] = [open({ prefix, work: false }).inbox, open({ prefix, work: false }).inbox];
  const keys = Array.from({ length: 200 }, (_, index) => `event ${index}`);
  const copies = keys.flatMap((key) => Array.from({ length: 50 }, (_, copy) => [key, copy % 2 ? one : two] as const));
  const accepted = await Promise.all(
    copies.map(async ([key, inbox]) => ({ key, ...(await inbox.accept(delivery(key))) })),
  );
  const news = accepted.filter(({ isNew }) => isNew).map(({ key }) => key);
  expect(news.toSorted()).toEqual(keys.toSorted());
  expect(new Set(accepted.map(({ id }) => id)).size).toBe(200);
  expect(await one.counts()).toEqual({ waiting: 200, working: 0, handled: 0, dead: 0 });
});

withRedis('halves of surrogate pairs do not make two keys one', async () => {
  const { inbox } = open({ prefix: fresh(), work: false });
  const accepted = await Promise.all(['a\ud800', 'a\ud801'].map((key) => inbox.accept(delivery(key))));
  expect(accepted.map(({ isNew }) => isNew)).toEqual([true, true]);
  expect((await listed(inbox)).map(({ key }) => key)).toEqual(['a\ud800', 'a\ud801']);
});

withRedis('a copy that was looked up before its event was pruned, and added after, is no new one', async () => {
  const prefix = fresh();
  const connection = connect();
  const { inbox: web } = open({ prefix, connection, work: false });
  const { inbox: worker } = open({ prefix });
  const settled = work(worker, () => undefined);
  const { id } = await web.accept(delivery('1'));
  await until(async () => (await worker.counts()).handled === 1);
  const multi = connection.multi.bind(connection);
  let pruned = 0;
  Reflect.set(connection, 'multi', (commands: unknown[][]) => {
    const transaction = multi(commands);
    const exec = transaction.exec.bind(transaction);
    transaction.exec = async () => {
      const replies = await exec();
      Reflect.set(connection, 'multi', multi);
      pruned = await worker.prune({ handledBefore: new Date(Date.now() + 60_000) });
      return replies;
    };
    return transaction;
  });
  expect(await web.accept(delivery('1'))).toEqual({ id, isNew: false });
  expect(pruned).toBe(1);
  const next = await web.accept(delivery('2'));
  await until(async () => (await worker.counts()).handled === 1 && (await worker.counts()).waiting === 0);
  expect(settled).toHaveLength(2);
  expect((await only(worker)).id).toBe(next.id);
});

withRedis('what was pruned leaves a key that Redis forgets by itself, and nothing else', async () => {
  const prefix = fresh();
  const raw = connect();
  const { inbox } = open({ prefix, retainKeysMs: 60_000 });
  work(inbox, () => undefined);
  const { id } = await inbox.accept(delivery('1'));
  await until(async () => (await inbox.counts()).handled === 1);
  await raw.rpush(`${prefix}:${id}:logs`, 'what a dashboard shows');
  expect(await inbox.prune({ handledBefore: new Date(Date.now() + 60_000) })).toBe(1);
  expect(await raw.keys(`${prefix}:${id}*`)).toEqual([`${prefix}:${id}:known`]);
  const leftMs = await raw.pttl(`${prefix}:${id}:known`);
  expect(leftMs).toBeGreaterThan(30_000);
  expect(leftMs).toBeLessThanOrEqual(60_000);
  expect(await raw.zcard(`${prefix}:arrivals`)).toBe(0);
});

withRedis("a plain queue of BullMQ shows the jobs, and its dashboard's retry begins anew with attempt 1", async () => {
  const prefix = fresh();
  const { inbox } = open({ prefix, maxAttempts: 2 });
  const attempts: number[] = [];
  let corrected = false;
  work(inbox, ({ attempt }) => {
    attempts.push(attempt);
    if (!corrected) throw new Error('the disk is full');
  });
  await inbox.accept(delivery('a key', { type: 'order.paid' }));
  await until(async () => (await inbox.counts()).dead === 1);
  const queue = queueOf(prefix);
  const [job] = await queue.getJobs(['failed']);
  expect(job?.name).toBe('order.paid');
  expect(job?.data).toEqual({
    key: 'a key',
    type: 'order.paid',
    receivedAt: expect.stringMatching(/^\d{4}-\d\d-\d\dT.*Z$/),
    headers: { 'content-type': 'application/json' },
    body: Buffer.from('{"id":"a key"}').toString('base64'),
  });
  expect(job?.failedReason).toBe('handler_failed: Error: the disk is full');
  expect(job?.attemptsMade).toBe(2);
  corrected = true;
  await job?.retry();
  await until(async () => (await inbox.counts()).handled === 1);
  expect(attempts).toEqual([1, 2, 1]);
  expect((await only(inbox)).error).toBeUndefined();
  // What a dashboard deletes is gone from the list as well, and is new when it comes again.
  await queue.clean(0, 100, 'completed');
  expect(await listed(inbox)).toEqual([]);
  expect((await inbox.accept(delivery('a key'))).isNew).toBe(true);
  await only(inbox);
  await queue.close();
});

withRedis('a job that the inbox did not store fails, and disturbs nothing', async () => {
  const prefix = fresh();
  const { inbox, errors } = open({ prefix });
  const queue = queueOf(prefix);
  await queue.add('foreign', { a: 1 });
  await inbox.accept(delivery('1'));
  const settled = work(inbox, () => undefined);
  await until(async () => (await inbox.counts()).handled === 1 && (await queue.getFailedCount()) === 1);
  expect(settled).toEqual([['handled', undefined]]);
  expect((await only(inbox)).key).toBe('1');
  expect(errors).toEqual([]);
  await queue.close();
});

withRedis('a delivery whose worker died comes back when its lease is over, and counts that attempt', async () => {
  const prefix = fresh();
  const dying = connect();
  const { inbox: first } = open({ prefix, connection: dying, leaseMs: 400 });
  const taken: number[] = [];
  work(first, ({ attempt, signal }) => {
    taken.push(attempt);
    return new Promise((_resolve, reject) => signal.addEventListener('abort', reject));
  });
  await first.accept(delivery('1'));
  await until(() => taken.length === 1);
  const begun = performance.now();
  // As far as Redis can see, it is dead now.
  dying.disconnect();
  const { inbox: second } = open({ prefix, leaseMs: 400 });
  const seen: number[] = [];
  const settled = work(second, ({ attempt }) => seen.push(attempt));
  await until(() => settled.length === 1);
  expect(performance.now() - begun).toBeGreaterThan(250);
  expect(performance.now() - begun).toBeLessThan(2_000);
  expect([taken, seen, settled]).toEqual([[1], [2], [['handled', undefined]]]);
});

withRedis('of a delivery whose worker died a list says so, and drain finds it', async () => {
  const prefix = fresh();
  const dying = connect();
  const { inbox: first } = open({ prefix, connection: dying, leaseMs: 300 });
  let taken = 0;
  work(first, ({ signal }) => {
    taken += 1;
    return new Promise((_resolve, reject) => signal.addEventListener('abort', reject));
  });
  await first.accept(delivery('1'));
  await until(() => taken === 1);
  dying.disconnect();
  const { inbox: cron } = open({ prefix, work: false, leaseMs: 300 });
  expect(await only(cron)).toMatchObject({ state: 'working', attempts: 1, error: undefined });
  await pause(400);
  const { inbox: other } = open({ prefix, work: false });
  // Nobody handles it there, but the lease is given up.
  await other.drain();
  expect(await only(other)).toMatchObject({ state: 'waiting', attempts: 1, error: { code: 'worker_lost' } });
  work(cron, () => undefined);
  expect(await cron.drain()).toEqual({ handled: 1, retried: 0, dead: 0 });
});

withRedis(
  'an attempt too many is made after one that failed, and not after one that took its worker along',
  async () => {
    const prefix = fresh();
    const raw = connect();
    const begun: [number, string | undefined][] = [];
    const { inbox: strict } = open({ prefix, leaseMs: 300, maxAttempts: 1 });
    const settled = work(strict, async ({ id, attempt, failure }) => {
      begun.push([attempt, failure?.code]);
      // As if its worker had died.
      await raw.del(`${prefix}:${id}:lock`);
      await until(async () => (await strict.get(id))?.state === 'dead');
    });
    const { id } = await strict.accept(delivery('1'));
    await until(() => settled.length === 2);
    expect(await strict.get(id)).toMatchObject({ state: 'dead', attempts: 2, error: { code: 'worker_lost' } });
    expect(begun).toEqual([[1, undefined]]);
    await strict.close();

    const { inbox: generous } = open({ prefix, maxAttempts: 8, backoff: (attempt) => (attempt < 3 ? 0 : 500) });
    const failed = work(generous, () => {
      throw new Error('boom');
    });
    await generous.accept(delivery('2'));
    await until(() => failed.length === 3);
    await generous.close();
    const { inbox: stricter } = open({ prefix, maxAttempts: 2 });
    const handled = work(stricter, ({ attempt, failure }) => begun.push([attempt, failure?.code]));
    await until(() => handled.length === 1);
    expect(handled).toEqual([['handled', undefined]]);
    expect(begun).toEqual([
      [1, undefined],
      [4, undefined],
    ]);
  },
);

withRedis('a lease that is lost settles nothing, and its handler is stopped', async () => {
  const prefix = fresh();
  const { inbox: slow } = open({ prefix, leaseMs: 300, concurrency: 1 });
  const { inbox: quick } = open({ prefix, leaseMs: 300 });
  const raw = connect();
  let reason: unknown;
  const settledSlow = work(slow, ({ signal }) => {
    return new Promise<void>((resolve) => {
      signal.addEventListener('abort', () => {
        reason = signal.reason;
        setTimeout(resolve, 500);
      });
    });
  });
  const { id } = await slow.accept(delivery('1'));
  await until(async () => (await slow.counts()).working === 1);
  const settledQuick = work(quick, () => {
    throw new Error('the second one fails');
  });
  await raw.del(`${prefix}:${id}:lock`);
  await until(() => settledSlow.length === 1 && settledQuick.length >= 1);
  expect(settledSlow).toEqual([['retried', 'lease_lost']]);
  expect(reason).toMatchObject({ code: 'lease_lost' });
  expect(settledQuick[0]).toEqual(['retried', 'handler_failed']);
});

withRedis(
  'what was recorded before its answer was lost is not taken for a lost lease',
  async () => {
    const connection = connect();
    const { inbox, errors } = open({ prefix: fresh(), connection, maxAttempts: 2, backoff: () => 1_500 });
    const settled = work(inbox, ({ attempt, headers }) => {
      if (attempt === 1 || headers.has('fails')) throw new Error('boom');
    });
    await inbox.accept(delivery('0', { headers: new Map([['fails', '']]) }));
    await inbox.accept(delivery('1'));
    await until(() => settled.length === 4);
    // The answer to the next step of each kind is lost.
    for (const name of ['moveToFinished', 'moveToDelayed']) {
      const command = Object.keys(connection).find((key) => key.startsWith(`${name}:`)) ?? '';
      const send: unknown = Reflect.get(connection, command);
      if (typeof send !== 'function') throw new Error(`BullMQ has no ${name}`);
      Reflect.set(connection, command, async (...args: unknown[]) => {
        Reflect.set(connection, command, send);
        await Reflect.apply(send, connection, args);
        throw new Error('the answer is lost');
      });
    }
    await inbox.accept(delivery('2'));
    await until(() => settled.length === 6);
    expect(settled.map(String).toSorted()).toEqual([
      ...['dead,handler_failed', 'handled,', 'handled,'],
      ...['retried,handler_failed', 'retried,handler_failed', 'retried,handler_failed'],
    ]);
    expect(errors.map(String)).toEqual(['Error: the answer is lost', 'Error: the answer is lost']);
  },
  20_000,
);

withRedis(
  'what a connection takes that was lost meanwhile is given back at once',
  async () => {
    const prefix = fresh();
    const own = (await startRedis()) as Server;
    try {
      const connection = connect({}, own);
      const { inbox: worker } = open({ prefix, connection });
      const { inbox: web } = open({ prefix, work: false, connection: connect({}, own) });
      const attempts: number[] = [];
      const settled = work(worker, ({ attempt }) => attempts.push(attempt));
      await web.accept(delivery('0'));
      await until(() => settled.length === 1);
      const id = await connection.client('ID');
      const raw = connect({}, own);
      // The worker asks for work, and its connection breaks before the answer: ioredis asks again over the next one.
      await raw.client('PAUSE', 400, 'WRITE');
      const accepted = web.accept(delivery('1'));
      await pause(100);
      await raw.client('KILL', 'ID', id);
      await accepted;
      const begun = performance.now();
      await until(() => settled.length === 2);
      expect(performance.now() - begun).toBeLessThan(5_000);
      expect(attempts).toHaveLength(2);
    } finally {
      await own.stop();
    }
  },
  20_000,
);

withRedis('one process stores and another works', async () => {
  const prefix = fresh();
  const { inbox: web, errors } = open({ prefix, work: false });
  const { inbox: worker } = open({ prefix });
  const settled = work(worker, () => undefined);
  await Promise.all(Array.from({ length: 30 }, (_, index) => web.accept(delivery(String(index)))));
  await until(() => settled.length === 30);
  expect(await web.counts('shop')).toEqual({ waiting: 0, working: 0, handled: 30, dead: 0 });
  expect(errors).toEqual([]);
});

withRedis('a receiver with many deliveries leaves room for the others', async () => {
  const prefix = fresh();
  const { inbox: web } = open({ prefix, work: false });
  for (const [name, count] of [
    ['shop', 40],
    ['bank', 2],
  ] as const) {
    await Promise.all(Array.from({ length: count }, (_, index) => web.accept(delivery(String(index), { name }))));
  }
  const { inbox: worker } = open({ prefix, concurrency: 4 });
  const order: string[] = [];
  for (const name of ['shop', 'bank']) {
    work(
      worker,
      async () => {
        order.push(name);
        await pause(5);
      },
      name,
    );
  }
  await until(() => order.length === 42);
  expect(order.lastIndexOf('bank')).toBeLessThan(12);
});

withRedis('a receiver that wants lanes is refused, with the engines that have them', () => {
  const { inbox } = open({ prefix: fresh(), work: false });
  // @ts-expect-error it keeps no order
  const make = () => createReceiver({ provider: grantex(), secret: 'a secret', inbox, lane: () => 'a', on: {} });
  expect(make).toThrow(/lane was given for grantex.*use sqliteInbox or postgresInbox/);
});

it('wrong options say what to give', () => {
  const connection = new Redis({ lazyConnect: true });
  const make = (options: object) => () => Reflect.apply(redisInbox, undefined, [options]);
  expect(make({})).toThrow(/connection must be an ioredis client, such as new Redis\(url\)/);
  expect(make({ connection: { host: 'localhost' } })).toThrow(/connection must be an ioredis client/);
  expect(make({ connection: 'redis://localhost' })).toThrow(/connection must be an ioredis client/);
  expect(make({ connection, prefix: ' ' })).toThrow(/prefix must be/);
  expect(make({ connection, url: 'redis://localhost' })).toThrow(/url is not an option.*connection, prefix/);
  const prefixed = new Redis({ lazyConnect: true, keyPrefix: 'app:' });
  expect(make({ connection: prefixed })).toThrow(/keyPrefix.*leave it out and give redisInbox a prefix/);
  expect(make({ connection, leaseMs: 0 })).toThrow(/leaseMs/);
});

withRedis('a client that connects late is connected', async () => {
  const { inbox } = open({ prefix: fresh(), work: false, connection: connect({ lazyConnect: true }) });
  expect((await inbox.accept(delivery('1'))).isNew).toBe(true);
});

withRedis('a client that gives replies as RESP3 has them is as good', async () => {
  const connection = new Redis(server?.url ?? '', { protocol: 3, replyMapping: 'resp3' });
  try {
    const { inbox, errors } = open({ prefix: fresh(), connection, maxAttempts: 2, backoff: () => 60_000 });
    const settled = work(inbox, () => {
      throw new Error('boom');
    });
    const { id } = await inbox.accept(delivery('1'));
    await until(() => settled.length === 1);
    const { state, dueAt } = await only(inbox);
    expect(state).toBe('waiting');
    expect(Number(dueAt) - Date.now()).toBeGreaterThan(40_000);
    expect(await inbox.replay(id)).toBe(1);
    await until(() => settled.length === 2);
    expect(await inbox.get(id)).toMatchObject({ attempts: 1, error: { code: 'handler_failed' } });
    expect(await inbox.counts()).toEqual({ waiting: 1, working: 0, handled: 0, dead: 0 });
    await inbox.close();
    expect(errors).toEqual([]);
  } finally {
    connection.disconnect();
  }
});

withRedis('closing leaves the connection open, and nothing of its own behind', async () => {
  const connection = connect();
  const before = ['error', 'close', 'ready', 'end'].map((name) => connection.listenerCount(name));
  const { inbox } = open({ prefix: fresh(), connection });
  work(inbox, () => undefined);
  await inbox.accept(delivery('1'));
  await until(async () => (await inbox.counts()).handled === 1);
  await inbox.close();
  expect(['error', 'close', 'ready', 'end'].map((name) => connection.listenerCount(name))).toEqual(before);
  expect(await connection.ping()).toBe('PONG');
});

withRedis(
  'while Redis is down deliveries are refused at once, and stored again when it is back',
  async () => {
    const own = (await startRedis()) as Server;
    try {
      for (const maxRetriesPerRequest of [20, null]) {
        const { inbox } = open({ prefix: fresh(), connection: connect({ maxRetriesPerRequest }, own) });
        const settled = work(inbox, () => undefined);
        await inbox.accept(delivery('before'));
        const restarted = own.restart();
        await until(async () => {
          const begun = performance.now();
          const refused = await inbox.accept(delivery('while')).then(
            () => undefined,
            (error: unknown) => error,
          );
          expect(performance.now() - begun).toBeLessThan(1_000);
          if (refused !== undefined) expect(refused).toMatchObject({ code: 'inbox_unavailable' });
          return refused !== undefined;
        });
        await restarted;
        await until(() =>
          inbox.accept(delivery('after')).then(
            () => true,
            () => false,
          ),
        );
        expect((await inbox.accept(delivery('before'))).isNew).toBe(false);
        await until(() => settled.length >= 2);
        await inbox.close();
      }
    } finally {
      await own.stop();
    }
  },
  30_000,
);

withRedis(
  'what was accepted before Redis is killed is there afterwards',
  async () => {
    const own = (await startRedis()) as Server;
    try {
      const { inbox } = open({ prefix: fresh(), work: false, connection: connect({}, own) });
      const accepted: string[] = [];
      const storing = (async () => {
        for (let index = 0; ; index += 1) {
          const keys = Array.from({ length: 5 }, (_, copy) => `${index} ${copy}`);
          await Promise.all(keys.map((key) => inbox.accept(delivery(key)).then(() => accepted.push(key))));
        }
      })().catch(() => undefined);
      await until(() => accepted.length > 200);
      await own.restart();
      await storing;
      await until(() =>
        inbox.counts().then(
          () => true,
          () => false,
        ),
      );
      const kept = new Set((await listed(inbox)).map(({ key }) => key));
      expect(accepted.filter((key) => !kept.has(key))).toEqual([]);
      expect((await inbox.counts()).waiting).toBe(kept.size);
    } finally {
      await own.stop();
    }
  },
  30_000,
);

withRedis('a Redis that has no memory left refuses deliveries, and one that forgot its scripts does not', async () => {
  const own = (await startRedis()) as Server;
  try {
    const connection = connect({}, own);
    const { inbox } = open({ prefix: fresh(), connection });
    const settled = work(inbox, () => undefined);
    await connection.config('SET', 'maxmemory', '1');
    await expect(inbox.accept(delivery('1'))).rejects.toThrow(/OOM/);
    await connection.config('SET', 'maxmemory', '0');
    expect((await inbox.accept(delivery('1'))).isNew).toBe(true);
    await until(() => settled.length === 1);
    await connection.script('FLUSH');
    expect((await inbox.accept(delivery('2'))).isNew).toBe(true);
    await until(() => settled.length === 2);
    expect((await listed(inbox)).map(({ state }) => state)).toEqual(['handled', 'handled']);
  } finally {
    await own.stop();
  }
});

withRedis('an inbox whose Redis is gone closes, and refuses a receiver that is new to it at once', async () => {
  const own = (await startRedis()) as Server;
  const { inbox } = open({ prefix: fresh(), connection: connect({ maxRetriesPerRequest: null }, own) });
  const settled = work(inbox, () => undefined);
  await inbox.accept(delivery('1'));
  await until(() => settled.length === 1);
  await own.stop();
  const begun = performance.now();
  const refused = { code: 'inbox_unavailable' };
  await expect(inbox.accept(delivery('2', { name: 'bank' }))).rejects.toMatchObject(refused);
  await expect(inbox.counts()).rejects.toMatchObject(refused);
  await inbox.close();
  expect(performance.now() - begun).toBeLessThan(1_000);
});

withRedis('a Redis that does not keep what it is told is warned of once, with what to set', async () => {
  const own = (await startRedis(['--appendonly', 'no', '--maxmemory-policy', 'allkeys-lru'])) as Server;
  try {
    const { inbox, errors } = open({ prefix: fresh(), work: false, connection: connect({}, own) });
    await inbox.accept(delivery('1'));
    await inbox.accept(delivery('2'));
    expect(errors.map(String)).toEqual([
      expect.stringMatching(/"appendonly yes", "appendfsync always", "maxmemory-policy noeviction"/),
    ]);
    expect(String(errors[0])).toMatch(/This one has "appendonly no", "maxmemory-policy allkeys-lru":.*lost/);
  } finally {
    await own.stop();
  }
});

withRedis('a Redis that does not tell how it is set up is warned of once', async () => {
  const own = (await startRedis(['--rename-command', 'CONFIG', ''])) as Server;
  try {
    const { inbox, errors } = open({ prefix: fresh(), work: false, connection: connect({}, own) });
    expect((await inbox.accept(delivery('1'))).isNew).toBe(true);
    expect(errors.map(String)).toEqual([expect.stringMatching(/CONFIG GET failed, as it does at many hosts/)]);
  } finally {
    await own.stop();
  }
});

withRedis('a Redis that is set up well is not warned of', async () => {
  const { inbox, errors } = open({ prefix: fresh(), work: false });
  await inbox.accept(delivery('1'));
  expect(errors).toEqual([]);
});
