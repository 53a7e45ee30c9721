import { setTimeout as pause } from 'node:timers/promises';
import type { DeliverySummary, Inbox, WorkOutcome } from '@hookproof/core';
import { WebhookError } from '@hookproof/core';
import type { Attempt, NewDelivery } from '@hookproof/core/inbox';
import { type RedisInboxOptions, redisInbox } from '@hookproof/inbox/redis';
import { Queue } from 'bullmq';
import { Redis, type RedisOptions } from 'ioredis';
import { afterAll, afterEach, expect, it } from 'vitest';
import { startRedis } from './servers.ts';

// What the tests of the inbox in Redis share: a server for each file of tests, and what goes away after each test.

export const server = await startRedis();
const connections: Redis[] = [];
const inboxes: Inbox[] = [];
let prefixes = 0;

afterEach(async () => {
  await Promise.all(inboxes.splice(0).map((inbox) => inbox.close({ maxMs: 100 })));
  for (const connection of connections.splice(0)) connection.disconnect();
});
afterAll(() => server?.stop());

type Options = Pick<RedisOptions, 'lazyConnect' | 'maxRetriesPerRequest' | 'username' | 'password'>;

export function connect(options: Options = {}, { url }: { readonly url: string } = server ?? { url: '' }): Redis {
  const connection = new Redis(url, { retryStrategy: () => 50, ...options });
  connection.on('error', () => undefined);
  connections.push(connection);
  return connection;
}

/** An inbox that keeps what it would log. */
export function open(options: Partial<RedisInboxOptions> = {}) {
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

export function fresh(): string {
  prefixes += 1;
  return `test-${process.pid}-${prefixes}`;
}

export function delivery(key: string, more: Partial<NewDelivery> = {}): NewDelivery {
  const body = new TextEncoder().encode(`{"id":"${key}"}`);
  const headers = new Map([['content-type', 'application/json']]);
  return { name: 'shop', key, type: 'order.paid', owner: undefined, lane: undefined, headers, body, ...more };
}

/** Has an inbox work on what is for a receiver. */
export function work(inbox: Inbox, handle: (attempt: Attempt) => unknown, name = 'shop') {
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

export async function until(condition: () => boolean | Promise<boolean>): Promise<void> {
  const end = performance.now() + 8_000;
  while (!(await condition())) {
    if (performance.now() > end) throw new Error('it did not come to that');
    await pause(10);
  }
}

export async function listed(inbox: Inbox): Promise<DeliverySummary[]> {
  const all: DeliverySummary[] = [];
  for await (const one of inbox.list()) all.push(one);
  return all;
}

export async function only(inbox: Inbox): Promise<DeliverySummary> {
  const all = await listed(inbox);
  expect(all).toHaveLength(1);
  return all[0] as DeliverySummary;
}

export function queueOf(prefix: string): Queue {
  return new Queue('shop', { connection: connect({ maxRetriesPerRequest: null }), prefix });
}

export const withRedis = server === undefined ? it.skip : it;
