import type { NewDelivery } from '@hookproof/core/inbox';
import { type PostgresInbox, type PostgresInboxOptions, postgresInbox } from '@hookproof/inbox/postgres';
import pg from 'pg';
import { afterAll, describe, expect, it, vi } from 'vitest';
import { closeAfterEach } from '../closing.ts';
import { event, type PostgresAttempt, watchStatements } from './postgres-device.ts';
import { startPgBouncer, startPostgres } from './servers.ts';
import { type SilentProxy, startSilentProxy } from './silent-proxy.ts';

const server = await startPostgres();
const closing = closeAfterEach();
let schemas = 0;

afterAll(async () => {
  await admin.end();
  await server?.stop();
});

function newSchema(): string {
  schemas += 1;
  return `production_${schemas}`;
}

function newPool(options: pg.PoolConfig = {}): pg.Pool {
  const pool = new pg.Pool({ connectionString: server?.url, ...options });
  // Whoever still waits for a connection may wait longer than the test.
  closing.push(async () => void (pool.ending || pool.end()));
  return pool;
}

/** Sees the server from outside. */
const admin = new pg.Pool({ connectionString: server?.url });

function open(options: PostgresInboxOptions): PostgresInbox {
  const inbox = postgresInbox({ pollMs: 50, backoff: () => 0, storeTimeoutMs: 500, ...options });
  closing.push(() => inbox.close({ maxMs: 500 }));
  return inbox;
}

async function newProxy(): Promise<SilentProxy> {
  const proxy = await startSilentProxy(server?.port ?? 0);
  closing.push(() => proxy.close());
  return proxy;
}

const through = ({ port }: SilentProxy) =>
  newPool({ connectionString: `postgres://postgres@127.0.0.1:${port}/postgres` });

function handle(inbox: PostgresInbox, handler: (attempt: PostgresAttempt) => unknown, name = 'devices') {
  const outcomes: string[] = [];
  inbox.register({
    name,
    async work(attempt) {
      const failed = await Promise.resolve()
        .then(() => handler(attempt))
        .then(
          () => undefined,
          (cause) => cause,
        );
      const { outcome } = await attempt.settle(failed);
      outcomes.push(outcome);
      return outcome;
    },
  });
  return outcomes;
}

let events = 0;
const fresh = (name = 'devices', lane?: string): NewDelivery => ({ ...event, name, lane, key: `evt_${events++}` });
const until = (check: () => unknown) => vi.waitFor(check, { timeout: 20_000, interval: 20 });

describe.skipIf(server === undefined)('a Postgres that falls silent', { timeout: 60_000 }, () => {
  it('costs the time of one answer: intake and workers go on over new connections, and onError is told', async () => {
    const proxy = await newProxy();
    const errors: unknown[] = [];
    const schema = newSchema();
    const inbox = open({ pool: through(proxy), schema, onError: (error) => errors.push(error) });
    const outcomes = handle(inbox, () => undefined);
    // As many connections as it may have, all of which fall silent.
    await Promise.all(Array.from({ length: 20 }, () => inbox.accept(fresh())));
    await until(() => expect(outcomes).toHaveLength(20));
    proxy.silence();
    const refused = await Promise.allSettled(Array.from({ length: 5 }, () => inbox.accept(fresh())));
    for (const { status } of refused) expect(status).toBe('rejected');
    expect(refused[0]).toMatchObject({ reason: { code: 'inbox_unavailable', message: /storeTimeoutMs/ } });
    await inbox.accept(fresh());
    await inbox.accept(fresh('devices', 'a lane'));
    await until(() => expect(outcomes.length).toBeGreaterThanOrEqual(22));
    expect(errors.map(String).join('\n')).toMatch(/did not (answer|give)/);
  });

  it('when it hears nobody, every call ends, and when it hears again, all goes on', async () => {
    const proxy = await newProxy();
    const inbox = open({ pool: through(proxy), schema: newSchema(), onError: () => undefined });
    const outcomes = handle(inbox, () => undefined);
    await inbox.accept(fresh());
    await until(() => expect(outcomes).toHaveLength(1));
    proxy.silenceAll();
    await expect(inbox.accept(fresh())).rejects.toMatchObject({ code: 'inbox_unavailable' });
    await expect(inbox.accept(fresh('devices', 'a lane'))).rejects.toThrow();
    proxy.hearNew();
    await until(() => inbox.accept(fresh()));
    await until(() => expect(outcomes.length).toBeGreaterThan(1));
  });

  it('does not hold up close() beyond its time, with a handler at work and an answer owed', async () => {
    const proxy = await newProxy();
    const errors: unknown[] = [];
    const pool = through(proxy);
    const inbox = postgresInbox({ pool, schema: newSchema(), onError: (error) => errors.push(error) });
    const begun = vi.fn();
    handle(inbox, ({ signal }) => {
      begun();
      return new Promise((resolve) => signal.addEventListener('abort', resolve));
    });
    await inbox.accept(fresh());
    await until(() => expect(begun).toHaveBeenCalled());
    proxy.silenceAll();
    const accepted = inbox.accept(fresh()).catch((error: unknown) => error);
    const from = performance.now();
    await inbox.close({ maxMs: 2_000 });
    expect(performance.now() - from).toBeLessThan(4_000);
    expect(errors.map(String).join('\n')).toMatch(/close\(\) ended before|did not/);
    expect(await accepted).toBeInstanceOf(Error);
  });

  it('does not hold up drain() beyond its time, which says why', async () => {
    const proxy = await newProxy();
    const inbox = open({ pool: through(proxy), schema: newSchema(), work: false, storeTimeoutMs: 60_000 });
    handle(inbox, () => undefined);
    await inbox.accept(fresh());
    proxy.silenceAll();
    const from = performance.now();
    await expect(inbox.drain({ maxMs: 1_000 })).rejects.toMatchObject({
      code: 'inbox_unavailable',
      message: expect.stringMatching(/drain\(\) ended before/),
    });
    expect(performance.now() - from).toBeLessThan(4_000);
  });
});

describe.skipIf(server === undefined)('the pool of a postgresInbox', { timeout: 60_000 }, () => {
  it('may lose a connection that a handler holds: the process lives on, and the attempt is made again', async () => {
    const schema = newSchema();
    const pool = newPool();
    // Warm before the inbox is there, so that its first connection is older than the inbox.
    await pool.query('SELECT 1');
    const inbox = open({ pool, schema });
    await inbox.counts();
    const outcomes = handle(inbox, async ({ attempt, complete }) => {
      const client = await pool.connect();
      try {
        await client.query('BEGIN');
        if (attempt === 1) {
          const { rows } = await client.query('SELECT pg_backend_pid() AS pid');
          await admin.query('SELECT pg_terminate_backend($1)', [rows[0].pid]);
          // The event comes while nobody asks anything.
          await new Promise((resolve) => client.once('end', resolve));
        }
        await complete(client);
        await client.query('COMMIT');
      } finally {
        client.release();
      }
    });
    await inbox.accept(fresh());
    await until(() => expect(outcomes).toEqual(['retried', 'handled']));
  });

  it('may be as large as the concurrency, with handlers that hold every connection for longer than the lease', async () => {
    const pool = newPool({ max: 3 });
    const inbox = open({ pool, schema: newSchema(), concurrency: 3, leaseMs: 600 });
    let running = 0;
    let finish: () => void = () => undefined;
    const finished = new Promise<void>((resolve) => {
      finish = resolve;
    });
    const attempts: number[] = [];
    const outcomes = handle(inbox, async ({ attempt }) => {
      attempts.push(attempt);
      const client = await pool.connect();
      running += 1;
      await finished;
      client.release();
    });
    for (let index = 0; index < 3; index += 1) await inbox.accept(fresh());
    await until(() => expect(running).toBe(3));
    const from = performance.now();
    // Three leases long, the heartbeat and the intake find connections.
    while (performance.now() - from < 1_800) await inbox.accept(fresh('nobody'));
    expect(attempts).toEqual([1, 1, 1]);
    finish();
    await until(() => expect(outcomes).toEqual(['handled', 'handled', 'handled']));
  });

  it('gives its password, its types and what is done to each connection to those of the inbox', async () => {
    const schema = newSchema();
    await admin.query(`CREATE ROLE keeper; GRANT CREATE ON DATABASE postgres TO keeper`);
    const pool = newPool({ password: 'hidden by pg from who copies the options' });
    pool.on('connect', (client) => void client.query('SET ROLE keeper'));
    const inbox = open({ pool, schema, work: false });
    await inbox.accept(fresh());
    const { rows } = await admin.query('SELECT tableowner FROM pg_tables WHERE schemaname = $1', [schema]);
    expect(new Set(rows.map(({ tableowner }) => tableowner))).toEqual(new Set(['keeper']));
  });

  it('that is only a wrapper of one is shared, and enough where handlers leave it connections', async () => {
    const pool = newPool({ max: 3 });
    const wrapper = {
      connect: () => pool.connect(),
      query: (text: string, values?: unknown[]) => pool.query(text, values),
      on: (name: 'error', listener: (error: Error) => void) => pool.on(name, listener),
      off: (name: 'error', listener: (error: Error) => void) => pool.off(name, listener),
    };
    const inbox = open({ pool: wrapper, schema: newSchema() });
    const outcomes = handle(inbox, () => undefined);
    await Promise.all(Array.from({ length: 50 }, () => inbox.accept(fresh())));
    await until(() => expect(outcomes).toHaveLength(50));
    expect(pool.totalCount).toBeLessThanOrEqual(3);
  });

  it('leaves nothing open after close()', async () => {
    const schema = newSchema();
    const pool = newPool({ application_name: schema });
    const inbox = open({ pool, schema });
    handle(inbox, () => undefined);
    await inbox.accept(fresh());
    await inbox.close();
    await pool.end();
    const connected = 'SELECT FROM pg_stat_activity WHERE application_name = $1';
    await until(async () => expect((await admin.query(connected, [schema])).rows).toHaveLength(0));
  });
});

describe.skipIf(server === undefined)('a first start on an empty Postgres', { timeout: 60_000 }, () => {
  it('takes the first deliveries of many receivers in several processes at once', async () => {
    const schema = newSchema();
    const inboxes = Array.from({ length: 4 }, () => open({ pool: newPool(), schema, storeTimeoutMs: 5_000 }));
    const names = Array.from({ length: 12 }, (_, index) => `receiver ${index}`);
    const outcomes = inboxes.flatMap((inbox) => names.map((name) => handle(inbox, () => undefined, name)));
    const accepted = await Promise.all(inboxes.flatMap((inbox) => names.map((name) => inbox.accept(fresh(name)))));
    expect(accepted.filter(({ isNew }) => isNew)).toHaveLength(48);
    await until(() => expect(outcomes.flat()).toHaveLength(48));
  });
});

describe.skipIf(server === undefined)('processes of a postgresInbox', { timeout: 60_000 }, () => {
  it('tell each other what is due, and need no poll for it', async () => {
    const schema = newSchema();
    const worker = open({ pool: newPool(), schema, pollMs: 3_600_000 });
    const outcomes = handle(worker, () => undefined);
    const web = open({ pool: newPool(), schema, work: false });
    await web.accept(fresh());
    await until(() => expect(outcomes).toHaveLength(1));
    for (let round = 2; round <= 4; round += 1) {
      await web.accept(fresh());
      await until(() => expect(outcomes).toHaveLength(round));
    }
    await web.accept({ ...fresh(), lane: 'one' });
    await until(() => expect(outcomes).toHaveLength(5));
  });

  it('listen again where the connection for that was ended, and hear what came meanwhile', async () => {
    const schema = newSchema();
    const worker = open({ pool: newPool({ application_name: schema }), schema, pollMs: 3_600_000 });
    const outcomes = handle(worker, () => undefined);
    const web = open({ pool: newPool(), schema, work: false });
    await web.accept(fresh());
    await until(() => expect(outcomes).toHaveLength(1));
    await admin.query('SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = $1', [schema]);
    await web.accept(fresh());
    await until(() => expect(outcomes).toHaveLength(2));
  });
});

describe.skipIf(server === undefined)(
  'a postgresInbox behind PgBouncer, which shares connections',
  { timeout: 60_000 },
  () => {
    it('stores, orders and completes as without it', async ({ skip }) => {
      const bouncer = server && (await startPgBouncer(server));
      if (bouncer === undefined) return skip();
      closing.push(() => bouncer.stop());
      const schema = newSchema();
      const pools = [newPool({ connectionString: bouncer.url }), newPool({ connectionString: bouncer.url })] as const;
      const errors: unknown[] = [];
      const [worker, web] = pools.map((pool, index) =>
        open({ pool, schema, work: index === 0, storeTimeoutMs: 5_000, onError: (error) => errors.push(error) }),
      );
      if (worker === undefined || web === undefined) expect.unreachable();
      const seen = new Map<string, string[]>();
      const outcomes = handle(worker, async ({ id, complete }) => {
        const { lane = '', key = '' } = (await web.get(id)) ?? {};
        seen.set(lane, [...(seen.get(lane) ?? []), key]);
        if (Number(id) % 2 === 0) return;
        const client = await pools[0].connect();
        try {
          await client.query('BEGIN');
          await complete(client);
          await client.query('COMMIT');
        } finally {
          client.release();
        }
      });
      const laned = Array.from({ length: 60 }, (_, index) =>
        fresh('devices', index % 3 === 0 ? undefined : `lane ${index % 3}`),
      );
      for (const delivery of laned) await web.accept(delivery);
      await Promise.all(laned.map((delivery) => web.accept(delivery)));
      await until(() => expect(outcomes).toHaveLength(60));
      expect(new Set(outcomes)).toEqual(new Set(['handled']));
      for (const lane of ['lane 1', 'lane 2']) {
        expect(seen.get(lane)).toEqual(laned.filter((one) => one.lane === lane).map(({ key }) => key));
      }
      expect(errors).toEqual([]);
    });
  },
);

describe.skipIf(server === undefined)('what a Postgres refuses is said with what to do', { timeout: 60_000 }, () => {
  it.each([
    ['a role without rights', 'guest', /may not.*CREATE ON DATABASE|GRANT/s],
    ['a database that is read only', 'reader', /read-only.*standby|primary/s],
  ])('%s', async (_what, role, says) => {
    await admin.query(`CREATE ROLE ${role} LOGIN`);
    if (role === 'reader') await admin.query('ALTER ROLE reader SET default_transaction_read_only = on');
    const pool = newPool({ connectionString: `postgres://${role}@127.0.0.1:${server?.port}/postgres` });
    const inbox = open({ pool, schema: newSchema(), work: false });
    const refusal: unknown = await inbox.accept(fresh()).catch((error: unknown) => error);
    expect(refusal).toMatchObject({ code: 'inbox_unavailable', message: expect.stringMatching(says) });
  });

  it('a primary that was demoted, until there is one again: connections to the old one are not used any more', async () => {
    await admin.query('CREATE ROLE demoted LOGIN SUPERUSER');
    const pool = newPool({ connectionString: `postgres://demoted@127.0.0.1:${server?.port}/postgres` });
    const inbox = open({ pool, schema: newSchema(), work: false });
    await admin.query('ALTER ROLE demoted SET default_transaction_read_only = on');
    await expect(inbox.accept(fresh())).rejects.toThrow(/read-only/);
    await admin.query('ALTER ROLE demoted RESET default_transaction_read_only');
    expect(await inbox.accept(fresh())).toMatchObject({ isNew: true });
  });

  it('a server that wants no TLS, or shows a certificate that nobody vouches for', async () => {
    const pool = newPool({ ssl: true });
    const inbox = open({ pool, schema: newSchema(), work: false });
    const refusal: unknown = await inbox.accept(fresh()).catch((error: unknown) => error);
    expect(refusal).toMatchObject({ code: 'inbox_unavailable', message: expect.stringMatching(/TLS.*ssl/s) });
  });
});

describe.skipIf(server === undefined)('a backlog in Postgres', { timeout: 60_000 }, () => {
  it('is taken in the order of the index, also before anybody has counted it', async () => {
    const schema = newSchema();
    const pool = newPool();
    const statements = watchStatements(pool);
    const inbox = open({ pool, schema, work: false, concurrency: 10 });
    for (const name of ['devices', 'others']) handle(inbox, () => undefined, name);
    await inbox.counts();
    await admin.query(`ALTER TABLE ${schema}.inbox_deliveries SET (autovacuum_enabled = off)`);
    await admin.query(`
      INSERT INTO ${schema}.inbox_deliveries
        (name, key, in_lane, parked, state, received_at, due_at, headers, body)
      SELECT 'devices', 'evt ' || n, false, false, 'waiting', now(), now(), '[]', ''
      FROM generate_series(1, 40000) AS n`);
    await inbox.drain({ maxMs: 300 }).catch(() => undefined);
    const [[take, values] = expect.unreachable()] = [...statements].filter(([text]) => text.includes('LATERAL'));
    const plans: string[] = [];
    const client = await admin.connect();
    const explain = async (text: string, given: unknown[] = []) => {
      const { rows } = await client.query(`EXPLAIN ${text}`, given);
      plans.push(rows.map((row) => String(row['QUERY PLAN'])).join('\n'));
    };
    await explain(take, values);
    // As a connection of the inbox keeps it, for whatever values come.
    await client.query(`SET enable_seqscan = off; SET plan_cache_mode = force_generic_plan; PREPARE take AS ${take}`);
    await explain(`EXECUTE take ('{devices,others}', '{5,5}', 10, 30000)`);
    await client.query(`ANALYZE ${schema}.inbox_deliveries; RESET ALL`);
    await explain(take, values);
    client.release(true);
    expect(plans).toHaveLength(3);
    for (const plan of plans) {
      expect(plan).toContain('Index Scan using inbox_due');
      expect(plan).not.toContain('Sort');
      expect(plan).not.toContain('Seq Scan on inbox_deliveries');
    }
  });
});
