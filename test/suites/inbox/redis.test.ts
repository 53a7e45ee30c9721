import { setTimeout as pause } from 'node:timers/promises';
import { createReceiver, grantex } from '@hookproof/core';
import { redisInbox } from '@hookproof/inbox/redis';
import { inboxConformance } from '@hookproof/testing/inbox-conformance';
import { Redis } from 'ioredis';
import { expect, it } from 'vitest';
import {
  connect,
  delivery,
  fresh,
  listed,
  only,
  open,
  queueOf,
  server,
  until,
  withRedis,
  work,
} from './redis-suite.ts';

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
