import { type PostgresClaimsOptions, postgresClaims } from '@hookproof/inbox/postgres';
import pg from 'pg';
import { afterAll, describe, expect, it, vi } from 'vitest';
import { stateOf, take } from './claims-taking.ts';
import { startPostgres } from './servers.ts';

// What claims promise in every engine stands in claims.test.ts.

const server = await startPostgres();
const pools: pg.Pool[] = [];
let schemas = 0;

function newPool(options: pg.PoolConfig = {}): pg.Pool {
  const pool = new pg.Pool({ connectionString: server?.url, ...options });
  pools.push(pool);
  return pool;
}

const newSchema = () => `claims_${++schemas}`;
const fail = (error: unknown) => {
  throw error;
};

/** Claims in a schema of their own, whose errors nobody expects. */
function open(options: PostgresClaimsOptions & { readonly pool?: pg.Pool } = {}) {
  const { pool = newPool(), schema = newSchema(), ...others } = options;
  return { pool, schema, claims: postgresClaims(pool, { schema, onError: fail, ...others }) };
}

async function count(pool: pg.Pool, from: string): Promise<number> {
  const { rows } = await pool.query(`SELECT count(*)::int AS n FROM ${from}`);
  return rows[0].n;
}

/** How many pages a statement touches, none of them because it goes through a whole table. */
async function pagesOf(pool: pg.Pool, text: string, values: unknown[]): Promise<number> {
  const client = await pool.connect();
  try {
    await client.query('BEGIN');
    const explained = await client.query(`EXPLAIN (ANALYZE, BUFFERS, FORMAT JSON) ${text}`, values);
    const { Plan: plan } = explained.rows[0]['QUERY PLAN'][0];
    expect(JSON.stringify(plan)).not.toContain('Seq Scan');
    return plan['Shared Hit Blocks'] + plan['Shared Read Blocks'];
  } finally {
    await client.query('ROLLBACK');
    client.release();
  }
}

afterAll(async () => {
  await Promise.all(pools.map((pool) => pool.end()));
  await server?.stop();
});

describe.skipIf(server === undefined)('postgresClaims', { timeout: 60_000 }, () => {
  it('are in the table claims of the schema hookproof, or where they are told to be', async () => {
    const pool = newPool();
    await (await take(postgresClaims(pool), 'a')).done();
    expect(await count(pool, `hookproof.claims WHERE key = 'a' AND done`)).toBe(1);
    const { schema } = open();
    const [one, other] = ['one', 'other'].map((table) => open({ pool, schema, table }).claims);
    if (one === undefined || other === undefined) throw new Error('no claims');
    await (await take(one, 'a')).done();
    expect([await stateOf(one, 'a'), await stateOf(other, 'a')]).toEqual(['done', 'taken']);
  });

  it.each(['serializable', 'repeatable read'])(
    '64 claims of one key at once give it to one, even where all is %s',
    async (level) => {
      const options = `-c default_transaction_isolation=${level.replace(' ', '\\ ')}`;
      const { pool, claims } = open({ pool: newPool({ max: 20, options }) });
      expect((await pool.query('SHOW transaction_isolation')).rows).toEqual([{ transaction_isolation: level }]);
      for (const key of ['a', 'b', 'c', 'd', 'e']) {
        const states = await Promise.all(Array.from({ length: 64 }, () => stateOf(claims, key)));
        expect(states.toSorted()).toEqual([...Array(63).fill('busy'), 'taken']);
      }
    },
  );

  it('one connection is enough', async () => {
    const { claims } = open({ pool: newPool({ max: 1 }) });
    const taken = await Promise.all(Array.from({ length: 20 }, (_, index) => take(claims, `key ${index}`)));
    await Promise.all(taken.map((claim) => claim.done()));
    expect(await stateOf(claims, 'key 7')).toBe('done');
  });

  it('a role that may not make schemas uses the one that was made for it', async () => {
    const admin = newPool();
    const schema = newSchema();
    await admin.query('CREATE ROLE modest LOGIN');
    const { claims } = open({
      pool: newPool({ user: 'modest', connectionString: server?.url.replace('postgres@', 'modest@') }),
      schema,
    });
    await expect(claims.claim('a', 1_000)).rejects.toThrow(/permission denied/);
    // And as soon as it is made, without a new start.
    await admin.query(`CREATE SCHEMA ${schema} AUTHORIZATION modest`);
    expect(await stateOf(claims, 'a')).toBe('taken');
  });

  describe('pruning', () => {
    /** Claims in a large table, and what it asks of its pool. */
    async function openLarge(oldOnes: number) {
      const { pool, schema, claims } = open();
      const table = `${schema}.claims`;
      await (await take(claims, 'first')).done();
      await pool.query(`
        INSERT INTO ${table} SELECT 'kept ' || n, gen_random_uuid(), true, now() + n * interval '1 s', now() + n * interval '1 s'
        FROM generate_series(100, 200000) n;
        INSERT INTO ${table} SELECT 'old ' || n, gen_random_uuid(), n % 2 = 0, now() - n * interval '1 s', now() - n * interval '1 s'
        FROM generate_series(1, ${oldOnes}) n;
        ANALYZE ${table}`);
      const asked = vi.spyOn(pool, 'query');
      return { pool, claims, table, asked, old: () => count(pool, `${table} WHERE key LIKE 'old %'`) };
    }

    it('goes on in steps of 1,000 while events are handled, and then once a minute', async () => {
      vi.useFakeTimers({ toFake: ['performance'] });
      try {
        const { claims, old, table, pool } = await openLarge(2_500);
        const handle = async (key: string) => (await take(claims, key)).done();
        await handle('within the minute');
        expect(await old()).toBe(2_500);
        vi.advanceTimersByTime(60_000);
        for (const [key, left] of Object.entries({ a: 1_500, b: 500, c: 0 })) {
          await handle(key);
          await vi.waitFor(async () => expect(await old()).toBe(left));
        }
        await pool.query(`UPDATE ${table} SET prunable_at = now() WHERE key = 'kept 200'`);
        await handle('d');
        vi.advanceTimersByTime(59_000);
        await handle('e');
        expect(await count(pool, `${table} WHERE key = 'kept 200'`)).toBe(1);
        vi.advanceTimersByTime(1_000);
        await handle('f');
        await vi.waitFor(async () => expect(await count(pool, `${table} WHERE key = 'kept 200'`)).toBe(0));
        expect(await count(pool, `${table} WHERE key LIKE 'kept %'`)).toBe(199_900);
        expect(await stateOf(claims, 'a')).toBe('done');
      } finally {
        vi.useRealTimers();
      }
    });

    it('and every other statement touches a few pages, however large the table is', async () => {
      vi.useFakeTimers({ toFake: ['performance'] });
      try {
        const { claims, asked, pool } = await openLarge(5);
        vi.advanceTimersByTime(60_000);
        await (await take(claims, 'handled')).done();
        await (await take(claims, 'released')).release();
        const statements = new Map(asked.mock.calls.map(([text, values]) => [String(text), values]));
        const kinds = [...statements.keys()].map((text) => text.match(/WITH held|WITH old|DELETE|INSERT/)?.[0]);
        expect(kinds).toEqual(['WITH held', 'INSERT', 'WITH old', 'DELETE']);
        for (const [text, values] of statements) expect(await pagesOf(pool, text, values), text).toBeLessThan(40);
      } finally {
        vi.useRealTimers();
      }
    });

    it('deletes nothing that counts: neither what is held nor what is remembered', async () => {
      const { claims, pool, schema } = open({ retainMs: 1 });
      const held = await take(claims, 'held');
      await (await take(postgresClaims(pool, { schema }), 'remembered')).done();
      await (await take(claims, 'forgotten', 1)).done();
      let others = 0;
      await vi.waitFor(async () => {
        // The first event that a process handles makes it look.
        await (await take(postgresClaims(pool, { schema }), `other ${++others}`)).done();
        expect(await count(pool, `${schema}.claims WHERE key = 'forgotten'`)).toBe(0);
      }, 10_000);
      expect([await stateOf(claims, 'held'), await stateOf(claims, 'remembered')]).toEqual(['busy', 'done']);
      await held.release();
    });

    it('that fails is told, and what was handled is recorded all the same', async () => {
      const errors: unknown[] = [];
      const { claims, pool, schema } = open({ onError: (error) => errors.push(error) });
      const claim = await take(claims, 'a');
      await pool.query(`
        CREATE FUNCTION ${schema}.refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE 'not now'; END $$;
        CREATE TRIGGER refuse BEFORE DELETE ON ${schema}.claims EXECUTE FUNCTION ${schema}.refuse()`);
      await claim.done();
      await vi.waitFor(() => expect(errors.map(String)).toEqual(['error: not now']));
      expect(await stateOf(claims, 'a')).toBe('done');
    });
  });

  it('that an event was handled is noted in its row, without new entries in the indexes', async () => {
    const pool = new pg.Pool({ connectionString: server?.url });
    const { claims, schema } = open({ pool });
    for (let index = 0; index < 300; index += 1) await (await take(claims, `key ${index}`)).done();
    // What a connection has counted is told at its end.
    await pool.end();
    const admin = newPool();
    await vi.waitFor(async () => {
      const { rows } = await admin.query(
        'SELECT n_tup_upd::int AS updated, n_tup_hot_upd::int AS hot FROM pg_stat_user_tables WHERE schemaname = $1',
        [schema],
      );
      expect(rows[0].updated).toBe(300);
      expect(rows[0].hot).toBeGreaterThan(280);
    }, 20_000);
  });

  it('that an event was handled is noted over another connection where the first one breaks', async () => {
    const { claims, pool, schema } = open({ onError: () => undefined });
    const claim = await take(claims, 'a');
    await pool.query(`
      CREATE SEQUENCE ${schema}.tries;
      CREATE FUNCTION ${schema}.cut() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
        IF nextval('${schema}.tries') = 1 THEN PERFORM pg_terminate_backend(pg_backend_pid()); END IF;
        RETURN NEW;
      END $$;
      CREATE TRIGGER cut BEFORE UPDATE ON ${schema}.claims FOR EACH ROW EXECUTE FUNCTION ${schema}.cut()`);
    await claim.done();
    expect((await pool.query(`SELECT last_value::int FROM ${schema}.tries`)).rows).toEqual([{ last_value: 2 }]);
    expect(await stateOf(claims, 'a')).toBe('done');
  });

  it('a connection that breaks while nobody uses it ends nothing, and is told once for all claims of a pool', async () => {
    const errors: unknown[] = [];
    const pool = newPool();
    const schema = newSchema();
    const all = Array.from({ length: 20 }, () =>
      postgresClaims(pool, { schema, onError: (error) => void errors.push(error) }),
    );
    const [claims] = all;
    if (claims === undefined) throw new Error('no claims');
    expect(pool.listenerCount('error')).toBe(1);
    expect(await stateOf(claims, 'a')).toBe('taken');
    await newPool().query(
      'SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE pid <> pg_backend_pid() AND query LIKE $1',
      [`%${schema}%`],
    );
    await vi.waitFor(() => expect(errors).toHaveLength(1));
    expect(String(errors[0])).toMatch(/terminating connection/);
    expect(await stateOf(claims, 'a')).toBe('busy');
  });

  it('a Postgres that does not answer keeps nobody waiting for ever', async () => {
    const { claims, schema } = open();
    const [one, other] = [await take(claims, 'a'), await take(claims, 'b')];
    const locking = await newPool().connect();
    await locking.query('BEGIN');
    await locking.query(`LOCK TABLE ${schema}.claims`);
    const begun = performance.now();
    const silent = { code: 'claims_unavailable', message: 'The claims store has not answered for 10 s.' };
    try {
      await Promise.all([
        expect(one.done()).rejects.toMatchObject(silent),
        expect(other.release()).rejects.toMatchObject(silent),
      ]);
    } finally {
      await locking.query('ROLLBACK');
      locking.release();
    }
    expect(performance.now() - begun).toBeLessThan(15_000);
    expect(await stateOf(claims, 'c')).toBe('taken');
  });
});
