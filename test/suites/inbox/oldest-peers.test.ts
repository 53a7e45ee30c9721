import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';
import type { Inbox } from '@hookproof/core';
import { type PostgresPool, postgresInbox } from '@hookproof/inbox/postgres';
import { type RedisInboxOptions, redisInbox } from '@hookproof/inbox/redis';
import { afterAll, expect, it, vi } from 'vitest';
import { startPostgres, startRedis } from './servers.ts';

// What a range of peers promises begins with a version: that one is run here, the newest everywhere else.

const load = createRequire(import.meta.url);
const [postgres, redis] = [await startPostgres(), await startRedis()];
afterAll(async () => {
  await postgres?.stop();
  await redis?.stop();
});

/** Stores events with and without an owner of their own, and has them handled, one of them at the second attempt. */
async function workOff(inbox: Inbox): Promise<void> {
  const attempts: number[] = [];
  inbox.register({
    name: 'devices',
    async work({ attempt, settle }) {
      attempts.push(attempt);
      return (await settle(undefined)).outcome;
    },
  });
  for (let index = 0; index < 20; index += 1) {
    await inbox.accept({
      ...{
        name: 'devices',
        key: `evt_${index}`,
        type: 't',
        owner: index % 2 ? 'a tenant' : undefined,
        lane: undefined,
      },
      ...{ headers: new Map([['a', 'b']]), body: new Uint8Array(100) },
    });
  }
  await vi.waitFor(async () => expect(await inbox.counts()).toMatchObject({ handled: 20 }), 20_000);
  expect(attempts).toHaveLength(20);
  await inbox.close();
}

it.skipIf(postgres === undefined)('postgresInbox with pg 8.0.3', { timeout: 30_000 }, async () => {
  const { Pool } = load('pg-oldest');
  const pool: PostgresPool & { end(): Promise<void> } = new Pool({ connectionString: postgres?.url });
  await workOff(postgresInbox({ pool }));
  await pool.end();
});

it.skipIf(redis === undefined)('redisInbox with ioredis 5.0.0', { timeout: 30_000 }, async () => {
  const Redis = load('ioredis-oldest');
  const connection: RedisInboxOptions['connection'] & { disconnect(): void } = new Redis(redis?.url);
  await workOff(redisInbox({ connection }));
  connection.disconnect();
});

it('is where the ranges of @hookproof/inbox and @hookproof/cli begin', () => {
  const versionOf = (name: string): string => load(`${name}/package.json`).version;
  expect([versionOf('pg-oldest'), versionOf('ioredis-oldest')]).toEqual(['8.0.3', '5.0.0']);
  for (const name of ['inbox', 'cli']) {
    const path = fileURLToPath(new URL(`../../../packages/${name}/package.json`, import.meta.url));
    const { peerDependencies } = JSON.parse(readFileSync(path, 'utf8'));
    expect(peerDependencies).toMatchObject({ pg: '^8.0.3', ioredis: '^5.0.0 || ^6.0.0' });
  }
});
