import type { ClaimStore } from '@hookproof/core';
import { checkNames, invalid } from '@hookproof/core/strict';
import { answered, checkRetention, createClaims, once } from '../claims.ts';
import { optionalTextIn, textIn } from '../columns.ts';
import { guarded, logError } from '../options.ts';
import { type PostgresPool, type PostgresQueries, transaction, untilNoConflict } from './client.ts';
import { checkIdentifiers, checkPool } from './options.ts';

/** Options of {@link postgresClaims}. */
export interface PostgresClaimsOptions {
  /** The schema of the table, which is made where it is not there; `hookproof` by default. */
  readonly schema?: string | undefined;
  /**
   * The table, which is made where it is not there; `claims` by default. Receivers of another endpoint need another one.
   */
  readonly table?: string | undefined;
  /** Milliseconds for which handled events are remembered; 30 days by default. */
  readonly retainMs?: number | undefined;
  /**
   * Called when old claims cannot be deleted; that of the first claims of a pool also with what the pool emits as `error`.
   * `console.error` by default, not more than twice a minute for the same error.
   */
  readonly onError?: ((error: unknown) => void) | undefined;
}

/** Milliseconds between two looks of a process for claims that nobody needs any more. */
const pruneEveryMs = 60_000;

/** Claims that one look deletes. Where there are more, the next one comes at once. */
const pruneStep = 1_000;

/** Pools that have a listener: those of all claims would be as many as there are claims. */
const heard = new WeakSet<PostgresPool>();

/**
 * Makes claims in Postgres for the `dedupe` option: any number of processes and machines share them, so that each event
 * is handled once. It needs the package `pg` and no other. Every time is the database's.
 *
 * The table is made at the first use; the role needs `CREATE` on the database for that, or finds the schema made for it
 * and owned by it. What was handled longer than `retainMs` ago is deleted in small steps while events are handled. A claim
 * survives a crash of Postgres as far as the role has `synchronous_commit` on; with `off`, the last events before the
 * crash may be handled again.
 *
 * @param pool your own pool of the package pg, which is yours to end. Give it `connectionTimeoutMillis`, so that
 * deliveries do not wait for a database that is away
 * @param options see {@link PostgresClaimsOptions} for each option, its unit and its default
 * @returns what the `dedupe` option of every adapter takes
 * @throws WebhookError `invalid_options` when the pool or an option is wrong
 *
 * @example
 * ```ts
 * import { grantivaWebhooks } from '@hookproof/express';
 * import { postgresClaims } from '@hookproof/inbox/postgres';
 * import pg from 'pg';
 *
 * const pool = new pg.Pool({ connectionString: process.env.DATABASE_URL, connectionTimeoutMillis: 5_000 });
 * export const middleware = grantivaWebhooks({
 *   secret: process.env.GRANTIVA_SECRET ?? '',
 *   dedupe: postgresClaims(pool),
 *   on: { 'device.high_risk': ({ data }) => console.log(data.device_id) },
 * });
 * ```
 */
export function postgresClaims(pool: PostgresPool, options: PostgresClaimsOptions = {}): ClaimStore {
  checkPool(pool);
  const given = checkNames<PostgresClaimsOptions>('postgresClaims', options, {
    schema: true,
    table: true,
    retainMs: true,
    onError: true,
  });
  const { schema = 'hookproof', table = 'claims', onError = logError('the claims in Postgres') } = given;
  checkIdentifiers({ schema, table });
  const retainMs = checkRetention(given.retainMs);
  if (typeof onError !== 'function') throw invalid('onError must be a function');
  const report = guarded('postgresClaims', onError);
  const { take, done, release, prune } = statements(`"${schema}"."${table}"`);
  const ready = once(() => answered(makeTable(pool, schema, table)));
  let nextPrune = 0;
  let prunedUntil = '0';

  // A connection that breaks while nobody uses it is no reason to end the process.
  if (!heard.has(pool)) pool.on('error', (error) => report(error));
  heard.add(pool);

  const run = (text: string, ...values: unknown[]) => untilNoConflict(() => pool.query(text, values));

  async function pruneNow(): Promise<void> {
    if (performance.now() < nextPrune) return;
    nextPrune = performance.now() + pruneEveryMs;
    try {
      const { rows } = await run(prune, prunedUntil, pruneStep);
      prunedUntil = optionalTextIn(rows[0], 'until') ?? prunedUntil;
      if (textIn(rows[0], 'pruned') === String(pruneStep)) nextPrune = 0;
    } catch (error) {
      report(error);
    }
  }

  return createClaims({
    async take(key, holder, leaseMs) {
      await ready();
      const { rows } = await run(take, key, holder, leaseMs, retainMs);
      return textIn(rows[0], 'state');
    },
    async done(key, holder) {
      const record = () => run(done, key, holder, retainMs);
      // A connection that broke in the pool is seen when it is used. What was handled must be noted.
      await record().catch(record);
      void pruneNow();
    },
    release: (key, holder) => run(release, key, holder),
  });
}

/**
 * A row counts until `ends_at`: that is the end of the lease, and once the event was handled, of the memory of it. Only
 * `prunable_at` has an index, and noting that an event was handled leaves it as it is, so that this costs no index entry.
 */
function statements(table: string) {
  const later = (milliseconds: string) => `clock_timestamp() + ${milliseconds} * interval '1 ms'`;
  return {
    // Where somebody else takes the key at the same time, the row is not in sight of this statement, but in its way.
    take: `
      WITH held AS (
        SELECT done FROM ${table} WHERE key = $1 AND ends_at > clock_timestamp()
      ), taken AS (
        INSERT INTO ${table} AS c (key, holder, done, ends_at, prunable_at)
        SELECT $1, $2::uuid, false, ${later('$3::float8')}, ${later('($3::float8 + $4::float8)')}
        WHERE NOT EXISTS (SELECT FROM held)
        ON CONFLICT (key) DO UPDATE SET
          holder = excluded.holder, done = false, ends_at = excluded.ends_at, prunable_at = excluded.prunable_at
          WHERE c.ends_at <= clock_timestamp()
        RETURNING 1
      )
      SELECT CASE WHEN EXISTS (SELECT FROM taken) THEN 'taken' WHEN (SELECT done FROM held) THEN 'done' ELSE 'busy' END
        AS state`,

    // The lease may be over and the row gone: what counts is whether somebody else has begun again.
    done: `
      INSERT INTO ${table} AS c (key, holder, done, ends_at, prunable_at)
      VALUES ($1, $2::uuid, true, ${later('$3::float8')}, ${later('$3::float8')})
      ON CONFLICT (key) DO UPDATE SET
        holder = excluded.holder, done = true, ends_at = excluded.ends_at,
        prunable_at = greatest(c.prunable_at, excluded.prunable_at)
        WHERE c.holder = excluded.holder OR c.ends_at <= clock_timestamp()`,

    release: `DELETE FROM ${table} WHERE key = $1 AND holder = $2::uuid AND NOT done`,

    // From where the last one ended, because what is deleted stays in the index for a while. now() and not
    // clock_timestamp(), which no index can be searched for.
    prune: `
      WITH old AS (
        SELECT key, prunable_at FROM ${table} WHERE prunable_at >= to_timestamp($1::float8) AND prunable_at <= now()
        ORDER BY prunable_at LIMIT $2::int FOR UPDATE SKIP LOCKED
      ), pruned AS (
        DELETE FROM ${table} c USING old WHERE c.key = old.key
      )
      SELECT count(*)::text AS pruned, floor(extract(epoch FROM max(prunable_at)))::text AS until FROM old`,
  };
}

/** Makes the table where it is not there; several processes may try at once. */
async function makeTable(pool: PostgresPool, schema: string, table: string): Promise<void> {
  if (await isThere(pool, schema, table)) return;
  await transaction(pool, async (on) => {
    // The same lock as for the tables of an inbox, which may be about to make the schema.
    await on.query('SELECT pg_advisory_xact_lock(hashtextextended($1, 0))', [`hookproof: tables of ${schema}`]);
    if (await isThere(on, schema, table)) return;
    // Who may not make schemas may use one that was made for them.
    const { rows } = await on.query('SELECT FROM pg_catalog.pg_namespace WHERE nspname = $1', [schema]);
    if (rows.length === 0) await on.query(`CREATE SCHEMA "${schema}"`);
    // Room on each page for the new version of a row whose event was handled.
    await on.query(`
      CREATE TABLE "${schema}"."${table}" (
        key text PRIMARY KEY,
        holder uuid NOT NULL,
        done boolean NOT NULL,
        ends_at timestamptz NOT NULL,
        prunable_at timestamptz NOT NULL
      ) WITH (fillfactor = 85);
      CREATE INDEX "${table}_prunable" ON "${schema}"."${table}" (prunable_at)`);
  });
}

async function isThere(on: PostgresQueries, schema: string, table: string): Promise<boolean> {
  // Not to_regclass(): in a transaction that waited for another it does not see what that one made.
  const { rows } = await on.query('SELECT FROM pg_catalog.pg_tables WHERE schemaname = $1 AND tablename = $2', [
    schema,
    table,
  ]);
  return rows.length > 0;
}
