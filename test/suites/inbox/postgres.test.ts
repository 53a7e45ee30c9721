import { execFile } from 'node:child_process';
import { setTimeout as pause } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { WebhookError } from '@hookproof/core';
import type { NewDelivery } from '@hookproof/core/inbox';
import { type PostgresInbox, type PostgresInboxOptions, postgresInbox } from '@hookproof/inbox/postgres';
import { inboxConformance } from '@hookproof/testing/inbox-conformance';
import pg from 'pg';
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { migrate, migrations } from '../../../packages/inbox/src/postgres/migrations.ts';
import { blockDevice, event, type PostgresAttempt, watchStatements } from './postgres-device.ts';
import { type Server, startPostgres } from './servers.ts';

const server = await startPostgres();
const pools: pg.Pool[] = [];
const inboxes: PostgresInbox[] = [];
let stores = 0;

function newPool(options: pg.PoolConfig = {}): pg.Pool {
  const pool = new pg.Pool({ connectionString: server?.url, ...options });
  pools.push(pool);
  return pool;
}

/** A schema that nobody has used. */
function newSchema(): string {
  stores += 1;
  return `own_${stores}`;
}

function open(options: PostgresInboxOptions): PostgresInbox {
  const inbox = postgresInbox({ pollMs: 50, backoff: () => 0, ...options });
  inboxes.push(inbox);
  return inbox;
}

/** Registers a receiver whose handler is this. */
function handle(inbox: PostgresInbox, handler: (attempt: PostgresAttempt) => unknown, name = 'devices'): void {
  inbox.register({
    name,
    async work(attempt) {
      try {
        await handler(attempt);
        return (await attempt.settle(undefined)).outcome;
      } catch (error) {
        const failed = error instanceof WebhookError ? error : new WebhookError('handler_failed', String(error));
        return (await attempt.settle(failed)).outcome;
      }
    },
  });
}

const numbered = (index: number): NewDelivery => ({ ...event, key: `evt_${index}`, lane: undefined });
const until = (check: () => unknown) => vi.waitFor(check, { timeout: 20_000, interval: 20 });

afterEach(async () => {
  await Promise.all(inboxes.splice(0).map((inbox) => inbox.close({ maxMs: 100 })));
});

afterAll(async () => {
  await Promise.all(pools.map((pool) => pool.end()));
  await server?.stop();
});

describe.skipIf(server === undefined)('postgresInbox', { timeout: 60_000 }, () => {
  const pool = newPool({ max: 20 });

  inboxConformance({
    name: 'postgres',
    test: it,
    open: (store, settings) => postgresInbox({ pool, schema: `s_${store}`, ...settings }),
    async begin() {
      const client = await pool.connect();
      await client.query('BEGIN');
      const end = async (how: string) => {
        await client.query(how);
        client.release();
      };
      return { transaction: client, commit: () => end('COMMIT'), rollback: () => end('ROLLBACK') };
    },
  });

  it('1,000 events that a process without workers stores are handled once by two others', async () => {
    const schema = newSchema();
    const web = open({ pool: newPool(), schema, work: false, timeoutMs: 10 });
    const handled: string[] = [];
    const workers = [newPool(), newPool()].map((own) => open({ pool: own, schema }));
    for (const worker of workers) handle(worker, ({ id }) => handled.push(id));
    const twice = Array.from({ length: 2_000 }, (_, index) => web.accept(numbered(index % 1_000)));
    const accepted = await Promise.all(twice);
    expect(accepted.filter(({ isNew }) => isNew)).toHaveLength(1_000);
    await until(async () => expect(await web.counts()).toMatchObject({ handled: 1_000 }));
    expect(handled).toHaveLength(1_000);
    expect(new Set(handled).size).toBe(1_000);
  });

  it('lanes keep their order over two processes, with handlers that complete in their transaction', async () => {
    const schema = newSchema();
    const workers = [newPool(), newPool()].map((own) => open({ pool: own, schema, leaseMs: 500 }));
    await workers[0]?.counts();
    await pool.query(`CREATE TABLE ${schema}.blocked (device text)`);
    const seen = new Map<string, string[]>();
    const failedOnce = new Set<string>();
    for (const [index, worker] of workers.entries()) {
      handle(worker, async (attempt) => {
        const stored = await worker.get(attempt.id);
        if (attempt.attempt === 1 && Number(attempt.id) % 7 === 0) {
          failedOnce.add(attempt.id);
          throw new Error('boom');
        }
        const lane = stored?.lane ?? '';
        await blockDevice(pools.at(index - 2) ?? pool, schema, attempt);
        seen.set(lane, [...(seen.get(lane) ?? []), stored?.key ?? '']);
      });
    }
    const keys = Array.from({ length: 150 }, (_, index) => `evt_${String(index).padStart(3, '0')}`);
    await Promise.all(
      keys.map((key, index) => workers[index % 2]?.accept({ ...event, key, lane: `lane ${index % 5}` })),
    );
    await until(async () => expect(await workers[0]?.counts()).toMatchObject({ handled: 150 }));
    const inOrder = new Map<string, string[]>();
    for await (const { lane = '', key } of workers[0]?.list() ?? []) {
      inOrder.set(lane, [...(inOrder.get(lane) ?? []), key]);
    }
    expect(failedOnce.size).toBeGreaterThan(10);
    expect(seen).toEqual(inOrder);
    expect((await pool.query(`SELECT FROM ${schema}.blocked`)).rows).toHaveLength(150);
  });

  it('killed before any statement, the device is blocked exactly where the event is handled, and in the end it is', async () => {
    const run = promisify(execFile);
    const program = fileURLToPath(new URL('postgres-child.ts', import.meta.url));
    async function child(killBefore: number) {
      const schema = newSchema();
      const inbox = postgresInbox({ pool, schema, work: false });
      await inbox.counts();
      await inbox.close();
      await pool.query(`CREATE TABLE ${schema}.blocked (device text)`);
      const args = ['--conditions=@hookproof/source', '--import', 'tsx', program, server?.url ?? '', schema];
      const ended = await run(process.execPath, [...args, String(killBefore)], { timeout: 30_000 }).catch(
        (error: { signal: string }) => error,
      );
      return { schema, ended };
    }
    const blocked = async (schema: string) => (await pool.query(`SELECT FROM ${schema}.blocked`)).rows.length;

    const whole = await child(0);
    if (!('stdout' in whole.ended)) throw whole.ended;
    expect(Number(whole.ended.stdout)).toBeGreaterThan(15);
    expect(await blocked(whole.schema)).toBe(1);

    // Statements that run side by side make one run a statement longer than another: each goes on until a run is over
    // before its kill.
    let next = 1;
    let killed = 0;
    let between = 0;
    async function checkNext(): Promise<void> {
      const killBefore = next++;
      const { schema, ended } = await child(killBefore);
      if ('stdout' in ended && !('signal' in ended)) {
        expect(Number(ended.stdout), 'statements of a run that was not killed').toBeLessThan(killBefore);
        return;
      }
      expect(ended).toMatchObject({ signal: 'SIGKILL' });
      killed += 1;
      const inbox = open({ pool, schema });
      const { handled, working } = await inbox.counts();
      expect(await blocked(schema), `killed before statement ${killBefore}`).toBe(handled);
      between += working;
      handle(inbox, (attempt) => blockDevice(pool, schema, attempt));
      // What the sender does who got no answer.
      await inbox.accept(event);
      await until(async () => expect(await inbox.counts()).toEqual({ waiting: 0, working: 0, handled: 1, dead: 0 }));
      expect(await blocked(schema)).toBe(1);
      await inbox.close();
      return checkNext();
    }
    await Promise.all([checkNext(), checkNext(), checkNext(), checkNext()]);
    expect(killed).toBeGreaterThan(15);
    // One before each of the handler's five statements.
    expect(between).toBeGreaterThan(3);
  }, 180_000);

  it('a delivery whose worker died is handled anew after its lease, as the next attempt', async () => {
    const schema = newSchema();
    const inbox = open({ pool, schema, leaseMs: 300, work: false });
    await inbox.accept(event);
    await pool.query(
      `UPDATE ${schema}.inbox_deliveries SET state = 'working', attempts = 1, takes = 1, leased_until = now() + interval '300 ms'`,
    );
    const attempts: number[] = [];
    handle(inbox, ({ attempt }) => attempts.push(attempt));
    expect(await inbox.drain({ maxMs: 1_000 })).toMatchObject({ handled: 0 });
    await pause(350);
    const during = await inbox.drain({ maxMs: 1_000 });
    expect(during).toMatchObject({ handled: 1 });
    expect(attempts).toEqual([2]);
  });

  it('a delivery whose last attempt took its worker along is a dead letter, without another', async () => {
    const schema = newSchema();
    const inbox = open({ pool, schema, maxAttempts: 1, work: false });
    const { id } = await inbox.accept(event);
    await pool.query(
      `UPDATE ${schema}.inbox_deliveries SET state = 'working', attempts = 1, takes = 1, leased_until = now()`,
    );
    const failures: unknown[] = [];
    handle(inbox, ({ failure }) => {
      failures.push(failure);
      if (failure !== undefined) throw failure;
    });
    expect(await inbox.drain()).toEqual({ handled: 0, retried: 0, dead: 1 });
    expect(failures).toEqual([expect.objectContaining({ code: 'worker_lost' })]);
    expect(await inbox.get(id)).toMatchObject({ state: 'dead', error: { code: 'worker_lost' } });
  });

  it('processes that start at once on an empty database make everything once', async () => {
    const schema = newSchema();
    const many = Array.from({ length: 8 }, () => open({ schema, work: false, pool: newPool({ max: 2 }) }));
    const accepted = await Promise.all(many.map((inbox) => inbox.accept(event)));
    expect(accepted.filter(({ isNew }) => isNew)).toHaveLength(1);
  });

  it('one connection is enough', async () => {
    const schema = newSchema();
    const inbox = open({ pool: newPool({ max: 1 }), schema });
    let calls = 0;
    handle(inbox, () => {
      calls += 1;
      if (calls === 3) throw new Error('boom');
    });
    await Promise.all(Array.from({ length: 30 }, (_, index) => inbox.accept({ ...numbered(index), lane: 'a' })));
    await until(async () => expect(await inbox.counts()).toMatchObject({ handled: 30 }));
  });

  it('a commit waits for the disk, whatever the role was set to', async () => {
    const schema = newSchema();
    const careless = newPool({ options: '-c synchronous_commit=off -c default_transaction_isolation=serializable' });
    const inbox = open({ pool: careless, schema, work: false });
    await inbox.counts();
    await pool.query(`
      CREATE TABLE ${schema}.seen (setting text);
      CREATE FUNCTION ${schema}.look() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
        INSERT INTO ${schema}.seen VALUES (TG_OP || ' ' || current_setting('synchronous_commit') || ' ' || current_setting('transaction_isolation'));
        RETURN NULL;
      END $$;
      CREATE TRIGGER look AFTER INSERT OR UPDATE ON ${schema}.inbox_deliveries EXECUTE FUNCTION ${schema}.look()`);
    expect((await careless.query('SHOW synchronous_commit')).rows).toEqual([{ synchronous_commit: 'off' }]);
    handle(inbox, () => undefined);
    await inbox.accept(event);
    await inbox.drain();
    const { rows } = await pool.query(`SELECT DISTINCT setting FROM ${schema}.seen ORDER BY 1`);
    expect(rows.map(({ setting }) => setting)).toEqual(['INSERT on read committed', 'UPDATE on read committed']);
    // And nothing of it is left in the pool.
    expect((await careless.query('SHOW synchronous_commit')).rows).toEqual([{ synchronous_commit: 'off' }]);
  });

  it('complete takes a client in a transaction, and nothing else', async () => {
    const schema = newSchema();
    const inbox = open({ pool, schema, maxAttempts: 1, work: false });
    handle(inbox, async ({ complete }) => {
      await expect(Reflect.apply(complete, undefined, [pool])).rejects.toThrow(/takes the client .* after its BEGIN/);
      await expect(Reflect.apply(complete, undefined, [{}])).rejects.toThrow(/takes the client/);
      const client = await pool.connect();
      try {
        await expect(complete(client)).rejects.toThrow(/takes the client/);
        await client.query('BEGIN');
        await complete(client);
        await expect(complete(client)).rejects.toMatchObject({ code: 'lease_lost' });
        await client.query('COMMIT');
      } finally {
        client.release();
      }
    });
    await inbox.accept(event);
    expect(await inbox.drain()).toEqual({ handled: 1, retried: 0, dead: 0 });
  });

  it('a handler whose transaction stays open longer than the lease keeps its delivery', async () => {
    const schema = newSchema();
    const workers = [open({ pool, schema, leaseMs: 300 }), open({ pool, schema, leaseMs: 300 })];
    let calls = 0;
    for (const worker of workers) {
      handle(worker, async ({ complete }) => {
        calls += 1;
        const client = await pool.connect();
        await client.query('BEGIN');
        await complete(client);
        await pause(1_200);
        await client.query('COMMIT');
        client.release();
      });
    }
    await workers[0]?.accept(event);
    await until(async () => expect(await workers[0]?.counts()).toMatchObject({ handled: 1 }));
    expect(calls).toBe(1);
  });

  it.each(['REPEATABLE READ', 'READ COMMITTED'])(
    'others may join a lane while the transaction is open that completes its first: %s',
    async (level) => {
      const schema = newSchema();
      const inbox = open({ pool, schema, leaseMs: 60_000, pollMs: 60_000 });
      const handled: string[] = [];
      handle(inbox, async ({ id, complete }) => {
        const client = await pool.connect();
        await client.query(`BEGIN ISOLATION LEVEL ${level}`);
        await client.query('SELECT 1 FROM pg_class LIMIT 1');
        await complete(client);
        if (handled.length === 0) await inbox.accept({ ...numbered(2), lane: 'dev_1' });
        await client.query('COMMIT');
        client.release();
        handled.push(id);
      });
      const first = await inbox.accept(event);
      await until(() => expect(handled).toHaveLength(2));
      expect(handled[0]).toBe(first.id);
    },
  );

  it('a lane goes on where the process died as soon as its transaction was committed', async () => {
    const schema = newSchema();
    const inbox = open({ pool, schema, work: false });
    await inbox.accept(event);
    await inbox.accept({ ...event, key: 'evt_2' });
    await pool.query(
      `UPDATE ${schema}.inbox_deliveries SET state = 'handled', finished_at = now() WHERE key = 'evt_1'`,
    );
    handle(inbox, () => undefined);
    expect(await inbox.prune({ handledBefore: new Date(Date.now() + 60_000) })).toBe(0);
    expect(await inbox.drain()).toMatchObject({ handled: 1 });
    expect(await inbox.prune({ handledBefore: new Date(Date.now() + 60_000) })).toBe(2);
  });

  it('its tables get what later versions add; older versions refuse them, and a step that fails leaves nothing', async () => {
    const schema = newSchema();
    // Several processes may be the first.
    await Promise.all([1, 2, 3].map(() => migrate(pool, schema)));
    const next = [...migrations, 'ALTER TABLE $schema.inbox_deliveries ADD COLUMN later text'];
    const broken = [...next, 'CREATE TABLE $schema.extra (a text); SELECT nonsense'];
    await expect(migrate(pool, schema, broken)).rejects.toThrow(/nonsense/);
    const tables = `SELECT column_name FROM information_schema.columns WHERE table_schema = '${schema}'
      AND (table_name = 'extra' OR column_name = 'later')`;
    expect((await pool.query(tables)).rows).toEqual([]);
    await Promise.all([migrate(pool, schema, next), migrate(pool, schema, next)]);
    expect((await pool.query(tables)).rows).toEqual([{ column_name: 'later' }]);
    await expect(open({ pool, schema }).counts()).rejects.toMatchObject({
      code: 'invalid_options',
      message: expect.stringMatching(/made by a later version.*Install that version/),
    });
  });

  it('a copy that comes while prune deletes its event is known', async () => {
    const schema = newSchema();
    const inbox = open({ pool: newPool(), schema, work: false });
    const handled: string[] = [];
    handle(inbox, ({ id }) => handled.push(id));
    const laned = { ...numbered(1), lane: 'a lane' };
    const { id } = await inbox.accept(laned);
    await inbox.drain();
    // As prune does it, but slowly.
    const client = await pool.connect();
    await client.query('BEGIN');
    await client.query(`
      WITH gone AS (DELETE FROM ${schema}.inbox_deliveries RETURNING name, key, seq)
      INSERT INTO ${schema}.inbox_keys SELECT name, key, seq, now() + interval '1 day' FROM gone`);
    const [copy, other] = await Promise.all([inbox.accept(laned), inbox.accept(numbered(2))]);
    await client.query('COMMIT');
    client.release();
    const later = await inbox.accept(laned);
    for (const accepted of [copy, later]) expect(accepted).toEqual({ id, isNew: false });
    expect(other.isNew).toBe(true);
    // The lane is free: nothing that was known stands in it.
    const next = await inbox.accept({ ...numbered(3), lane: 'a lane' });
    await inbox.drain();
    expect(handled).toEqual([id, other.id, next.id]);
    expect(await inbox.counts()).toEqual({ waiting: 0, working: 0, handled: 2, dead: 0 });
  });

  it('what was pruned is found and forgotten by an index, and nothing is written for a copy of it', async () => {
    const schema = newSchema();
    const own = newPool();
    const statements = watchStatements(own);
    const inbox = open({ pool: own, schema, work: false });
    await inbox.counts();
    await pool.query(`
      INSERT INTO ${schema}.inbox_keys
      SELECT 'devices', 'evt_' || n, n + 1000, now() + interval '1 hour' * sign(n - 50000.5)
      FROM generate_series(1, 100000) AS n`);
    await pool.query(`ANALYZE ${schema}.inbox_keys`);
    expect(await inbox.accept(numbered(1))).toEqual({ id: '1001', isNew: false });
    const some = await Promise.all(Array.from({ length: 500 }, (_, index) => inbox.accept(numbered(99_901 + index))));
    expect(some.filter(({ isNew }) => !isNew)).toHaveLength(100);
    const { rows: first } = await pool.query(`SELECT min(ctid)::text AS place FROM ${schema}.inbox_deliveries`);
    expect(first).toEqual([{ place: '(0,1)' }]);
    await inbox.prune();
    expect((await pool.query(`SELECT FROM ${schema}.inbox_keys`)).rows).toHaveLength(50_000);
    const ofKeys = [...statements].filter(([text]) => text.includes('inbox_keys'));
    expect(ofKeys).toHaveLength(3);
    for (const [text, values] of ofKeys) {
      const { rows } = await pool.query(`EXPLAIN ${text}`, values);
      expect(rows.map((row) => String(row['QUERY PLAN'])).join('\n')).not.toContain('Seq Scan on inbox_keys');
    }
  });

  it('a pool that reads every type its own way is no trouble', async () => {
    const schema = newSchema();
    const types = {
      getTypeParser: (oid: number) => (text: string) =>
        oid === 17 ? pg.types.getTypeParser(17)(text) : oid === 16 ? text === 't' : `${text}`,
    };
    const inbox = open({ pool: newPool({ types: types as pg.CustomTypesConfig }), schema, work: false });
    handle(inbox, () => undefined);
    const { id } = await inbox.accept(event);
    expect(await inbox.drain()).toMatchObject({ handled: 1 });
    expect(await inbox.get(id)).toMatchObject({ attempts: 1, lane: 'dev_1', body: event.body });
  });
});

describe.skipIf(server === undefined)('the server of a postgresInbox', { timeout: 60_000 }, () => {
  let other: Server | undefined;
  beforeAll(async () => {
    other = await startPostgres();
  });
  afterAll(() => other?.stop());

  it('may be killed and come back: what was stored is there, and the process lives on', async () => {
    const own = new pg.Pool({ connectionString: other?.url });
    const errors: unknown[] = [];
    const inbox = postgresInbox({ pool: own, pollMs: 50, backoff: () => 0, onError: (error) => errors.push(error) });
    // Commits of others wait for nothing, so that only those are there that were waited for.
    await own.query('ALTER SYSTEM SET synchronous_commit = off');
    await own.query("ALTER SYSTEM SET wal_writer_delay = '10s'");
    await own.query('SELECT pg_reload_conf(), pg_sleep(0.2)');
    await own.query('CREATE TABLE lost (n integer)');
    await inbox.accept(numbered(0));
    await Promise.all(Array.from({ length: 20 }, (_, index) => inbox.accept(numbered(index))));
    await own.query('INSERT INTO lost VALUES (1)');
    await other?.restart();
    let calls = 0;
    handle(inbox, async () => {
      calls += 1;
      if (calls === 5) await other?.restart();
    });
    await until(async () => expect(await inbox.counts()).toMatchObject({ handled: 20 }));
    expect(errors.length).toBeGreaterThan(0);
    expect((await own.query('SELECT FROM lost')).rows, 'a commit that nobody waited for').toHaveLength(0);
    await inbox.close();
    await own.end();
  });

  it('is warned of where it writes nothing to the disk', async () => {
    const own = new pg.Pool({ connectionString: other?.url });
    await own.query('ALTER SYSTEM SET fsync = off');
    await own.query('SELECT pg_reload_conf(), pg_sleep(0.2)');
    const onError = vi.fn();
    const inbox = postgresInbox({ pool: own, work: false, onError });
    await inbox.counts();
    expect(onError).toHaveBeenCalledExactlyOnceWith(
      expect.objectContaining({ message: expect.stringMatching(/fsync = off.*Set fsync = on/) }),
    );
    await inbox.close();
    await own.end();
  });
});
