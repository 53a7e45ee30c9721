import { setTimeout as pause } from 'node:timers/promises';
import type { Inbox } from '@hookproof/core';
import { expect } from 'vitest';
import { connect, delivery, fresh, listed, open, server, until, withRedis, work } from './redis-suite.ts';
import { type Server, startRedis } from './servers.ts';
import { startSilentProxy } from './silent-proxy.ts';

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
    // The answer to the next record of each kind is lost.
    const kinds = new Set(['hookproofError', 'returnvalue']);
    const isLost = (command: unknown[]) => {
      const kind = [...kinds].find((one) => command.some((value) => String(value).includes(one)));
      return kind !== undefined && kinds.delete(kind);
    };
    const call = connection.call.bind(connection);
    Reflect.set(connection, 'call', async (...command: Parameters<typeof call>) => {
      const [lost, reply] = [isLost(command), await call(...command)];
      if (lost) throw new Error('the answer is lost');
      return reply;
    });
    const pipeline = connection.pipeline.bind(connection);
    Reflect.set(connection, 'pipeline', (commands: unknown[][]) => ({
      exec: async () => {
        const [lost, replies] = [commands.map(isLost), await pipeline(commands).exec()];
        return replies?.map((reply, index) => (lost[index] ? [new Error('the answer is lost'), undefined] : reply));
      },
    }));
    await inbox.accept(delivery('2'));
    await until(() => settled.length === 6);
    expect(settled.map(String).toSorted()).toEqual([
      ...['dead,handler_failed', 'handled,', 'handled,'],
      ...['retried,handler_failed', 'retried,handler_failed', 'retried,handler_failed'],
    ]);
    const lost = expect.stringMatching(/the answer is lost/);
    expect(errors.map(String)).toEqual([lost, lost]);
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

withRedis('a client that connects late is connected', async () => {
  const { inbox } = open({ prefix: fresh(), work: false, connection: connect({ lazyConnect: true }) });
  expect((await inbox.accept(delivery('1'))).isNew).toBe(true);
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
        // Else the answer that gives it to the worker may be lost, and it comes back when the lease is over.
        await until(() => settled.length === 1);
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

/** Has an inbox accept until it does, and says how long that took, in milliseconds. */
async function accepted(inbox: Inbox, key: string): Promise<number> {
  const begun = performance.now();
  for (;;) {
    const refused = await inbox.accept(delivery(key)).then(
      () => undefined,
      (error: unknown) => error,
    );
    if (refused === undefined) return performance.now() - begun;
    expect(refused).toMatchObject({ code: 'inbox_unavailable' });
    if (performance.now() - begun > 30_000) throw refused;
    await pause(50);
  }
}

withRedis(
  'a connection that falls silent is thrown away: deliveries are stored again within 15 s, and worked on',
  async () => {
    const proxy = await startSilentProxy(server?.port ?? 0);
    try {
      for (const silence of ['of the connections that are there', 'of new ones too, for a while']) {
        const connection = connect({}, { url: `redis://127.0.0.1:${proxy.port}` });
        const { inbox, errors } = open({ prefix: fresh(), connection });
        const settled = work(inbox, () => undefined);
        await inbox.accept(delivery('before'));
        await until(() => settled.length === 1);
        const begun = performance.now();
        if (silence.startsWith('of new')) proxy.silenceAll();
        else proxy.silence();
        // What comes while a batch waits does not wait for as long again.
        const refused = Array.from({ length: 5 }, async (_, index) => {
          await pause(index * 500);
          await expect(inbox.accept(delivery(`while ${index}`))).rejects.toMatchObject({ code: 'inbox_unavailable' });
          expect(performance.now() - begun).toBeLessThan(6_500);
        });
        await Promise.all(refused);
        if (silence.startsWith('of new')) {
          // Long enough for a connection that was made anew to be silent as well.
          await pause(4_000);
          proxy.hearNew();
          await accepted(inbox, 'after');
        } else {
          await accepted(inbox, 'after');
          expect(performance.now() - begun).toBeLessThan(15_000);
        }
        await until(() => settled.length >= 2);
        expect(errors.map(String)).toContainEqual(expect.stringMatching(/not answered for 5 s.*made anew/));
        await inbox.close();
      }
    } finally {
      await proxy.close();
    }
  },
  60_000,
);

withRedis(
  'an inbox whose Redis is silent closes all the same',
  async () => {
    const proxy = await startSilentProxy(server?.port ?? 0);
    try {
      const connection = connect({}, { url: `redis://127.0.0.1:${proxy.port}` });
      const { inbox } = open({ prefix: fresh(), connection });
      const settled = work(inbox, () => undefined);
      await inbox.accept(delivery('1'));
      await until(() => settled.length === 1);
      proxy.silenceAll();
      const begun = performance.now();
      await inbox.close({ maxMs: 100 });
      expect(performance.now() - begun).toBeLessThan(7_000);
    } finally {
      await proxy.close();
    }
  },
  20_000,
);
