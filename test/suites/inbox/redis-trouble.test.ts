import { inspect } from 'node:util';
import { redisInbox } from '@hookproof/inbox/redis';
import { Cluster } from 'ioredis';
import { expect, vi } from 'vitest';
import { connect, delivery, fresh, listed, open, until, withRedis, work } from './redis-suite.ts';
import { type Server, startRedis } from './servers.ts';

// What Redis refuses, and what the inbox says of it.

async function withOwn(args: readonly string[], run: (own: Server) => Promise<void>): Promise<void> {
  const own = (await startRedis(args)) as Server;
  try {
    await run(own);
  } finally {
    await own.stop();
  }
}

const refusal = (promise: Promise<unknown>) =>
  promise.then(
    () => 'it was done',
    (error: unknown) => String(error),
  );

withRedis('a Redis that is full refuses deliveries, and is looked into, pruned and discarded from', async () => {
  await withOwn([], async (own) => {
    const prefix = fresh();
    const raw = connect({}, own);
    const { inbox: first } = open({ prefix, connection: raw, maxAttempts: 1, leaseMs: 60_000 });
    const settled = work(first, ({ headers }) => {
      if (headers.has('fails')) throw new Error('boom');
    });
    for (let index = 0; index < 10; index += 1) await first.accept(delivery(`good ${index}`));
    for (let index = 0; index < 5; index += 1) {
      await first.accept(delivery(`bad ${index}`, { headers: new Map([['fails', '']]) }));
    }
    await until(() => settled.length === 15);
    await first.close();
    const { inbox } = open({ prefix, connection: raw, work: false });
    await inbox.accept(delivery('waits'));
    await raw.config('SET', 'maxmemory', '1');

    const { inbox: full } = open({ prefix, connection: connect({}, own), work: false });
    expect(await refusal(full.accept(delivery('new')))).toMatch(
      /no memory left.*OOM.*Raise its maxmemory, or make room/,
    );
    // ioredis keeps the command with its error, and so all that was delivered.
    const error: unknown = await full.accept(delivery('a secret')).catch((thrown: unknown) => thrown);
    expect(inspect(error, { depth: 10 })).not.toContain('a secret');
    expect(await full.counts()).toEqual({ waiting: 1, working: 0, handled: 10, dead: 5 });
    const all = await listed(full);
    expect(all).toHaveLength(16);
    expect(Buffer.from((await full.get(all[0]?.id ?? ''))?.body ?? []).toString()).toBe('{"id":"good 0"}');
    expect(await full.discard({ state: 'dead' })).toBe(5);
    expect(await full.discard({ state: 'waiting' })).toBe(1);
    expect(await full.prune({ handledBefore: new Date(Date.now() + 60_000) })).toBe(10);
    expect(await full.counts()).toEqual({ waiting: 0, working: 0, handled: 0, dead: 0 });
    expect(await listed(full)).toEqual([]);

    await raw.config('SET', 'maxmemory', '0');
    // What was pruned is known all the same.
    expect((await full.accept(delivery('good 3'))).isNew).toBe(false);
    expect(await raw.pttl(`${prefix}:${all[3]?.id}:known`)).toBeGreaterThan(0);
    expect((await full.accept(delivery('bad 3'))).isNew).toBe(true);
  });
});

withRedis(
  'a cluster keeps an inbox whose prefix is in braces, and is told of where it is not',
  async () => {
    await withOwn(['--cluster-enabled', 'yes'], async (own) =>
      withOwn(['--cluster-enabled', 'yes'], async (other) => {
        const [first, second] = [connect({}, own), connect({}, other)];
        await first.cluster('ADDSLOTSRANGE', 0, 8191);
        await second.cluster('ADDSLOTSRANGE', 8192, 16383);
        await first.cluster('MEET', '127.0.0.1', other.port);
        for (const node of [first, second]) {
          await vi.waitFor(async () => expect(await node.cluster('INFO')).toMatch(/cluster_state:ok/), {
            timeout: 15_000,
            interval: 50,
          });
        }
        const cluster = new Cluster([{ host: '127.0.0.1', port: own.port }]);
        try {
          expect(() => redisInbox({ connection: cluster })).toThrow(/cluster.*prefix: "\{hookproof\}"/);
          const { inbox } = open({ connection: cluster, prefix: `{${fresh()}}` });
          const settled = work(inbox, ({ attempt }) => {
            if (attempt === 1) throw new Error('boom');
          });
          await inbox.accept(delivery('1'));
          await until(() => settled.length === 2);
          expect(await inbox.counts()).toEqual({ waiting: 0, working: 0, handled: 1, dead: 0 });
          expect(await listed(inbox)).toHaveLength(1);
          expect(await inbox.prune({ handledBefore: new Date(Date.now() + 60_000) })).toBe(1);
          await inbox.close();
          // Whoever does not know that it is one is told by Redis.
          const { inbox: single } = open({ connection: connect({}, own), prefix: fresh(), work: false });
          expect(await refusal(single.accept(delivery('1')))).toMatch(/Redis is a cluster.*prefix in braces/);
        } finally {
          cluster.disconnect();
        }
      }),
    );
  },
  30_000,
);

withRedis('a primary that became a replica is told of, and the connection made anew', async () => {
  await withOwn([], async (own) => {
    const connection = connect({}, own);
    const { inbox, errors } = open({ connection, prefix: fresh(), work: false });
    await inbox.accept(delivery('1'));
    const id = await connection.client('ID');
    await connect({}, own).replicaof('127.0.0.1', 1);
    expect(await refusal(inbox.accept(delivery('2')))).toMatch(/is a replica.*follows the primary/);
    expect(errors.map(String)).toContainEqual(expect.stringMatching(/is a replica/));
    await vi.waitFor(async () => expect(await connection.client('ID')).not.toBe(id), { timeout: 5_000 });
  });
});

withRedis('a user who may too little is told of, with the rights that are enough', async () => {
  await withOwn([], async (own) => {
    const admin = connect({}, own);
    const prefix = fresh();
    const connectAs = (name: string) => connect({ username: name, password: 'p' }, own);
    await admin.call('ACL', 'SETUSER', 'little', 'on', '>p', `~${prefix}:*`, '+@read', '+@connection', '+info');
    const { inbox: little } = open({ connection: connectAs('little'), prefix, work: false });
    expect(await refusal(little.accept(delivery('1')))).toMatch(/may not do.*ACL SETUSER/);
    const rights = ['+@read', '+@write', '+@scripting', '+@connection', '+info'];
    await admin.call('ACL', 'SETUSER', 'enough', 'on', '>p', `~${prefix}:*`, ...rights);
    const { inbox } = open({ connection: connectAs('enough'), prefix });
    const settled = work(inbox, () => undefined);
    const { id } = await inbox.accept(delivery('1'));
    await until(() => settled.length === 1);
    expect(await inbox.replay(id)).toBe(1);
    await until(() => settled.length === 2);
    expect(await inbox.discard(id)).toBe(1);
  });
});

withRedis(
  'a password that is missing or wrong is told of',
  async () => {
    await withOwn([], async (own) => {
      await connect({}, own).config('SET', 'requirepass', 'right');
      for (const [options, what] of [
        [{}, /did not accept who connects.*NOAUTH.*username and password/],
        [{ password: 'wrong' }, /did not accept who connects.*WRONGPASS.*username and password/],
      ] as const) {
        const connection = connect(options, own);
        const { inbox } = open({ connection, prefix: fresh(), work: false });
        await vi.waitFor(async () => expect(await refusal(inbox.accept(delivery('1')))).toMatch(what), {
          timeout: 5_000,
        });
        connection.disconnect();
      }
    });
  },
  30_000,
);
