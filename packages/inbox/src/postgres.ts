/**
 * The inbox in Postgres, on pg-boss, and claims in Postgres: any number of processes and machines share them.
 *
 * @module
 */
import type { Inbox } from '@hookproof/core';
import { createInbox } from './inbox.ts';
import { checkOptions, type InboxOptions, invalid, ownOptions } from './options.ts';
import type { PostgresPool, PostgresTransaction } from './postgres/client.ts';
import { postgresEngine } from './postgres/engine.ts';
import { checkIdentifiers, checkPool } from './postgres/options.ts';

export type { InboxOptions } from './options.ts';
export { type PostgresClaimsOptions, postgresClaims } from './postgres/claims.ts';
export type { PostgresClient, PostgresPool, PostgresQueries, PostgresTransaction } from './postgres/client.ts';

/** Options of {@link postgresInbox}. */
export interface PostgresInboxOptions extends InboxOptions {
  /**
   * Your own pool of the package pg, which is yours to end after the inbox. It needs a connection or two beside those
   * that your handlers hold. While the inbox is open, what the pool emits as `error` goes to `onError`.
   */
  readonly pool: PostgresPool;
  /** The schema of the tables `inbox_*`, which is made where it is not there; `hookproof` by default. */
  readonly schema?: string | undefined;
  /**
   * The schema of pg-boss, which is made where it is not there; `pgboss` by default. Where your own pg-boss keeps its
   * jobs for another time than it does by default, give the inbox a schema of its own.
   */
  readonly bossSchema?: string | undefined;
  /** What the names of the queues in pg-boss begin with, before a dash and the receiver's name; `hookproof` by default. */
  readonly queuePrefix?: string | undefined;
}

/**
 * What {@link postgresInbox} makes. It keeps the order of lanes; `complete` of a handler's context takes the client with
 * which the handler writes.
 */
export interface PostgresInbox extends Inbox<(client: PostgresTransaction) => Promise<void>> {
  readonly lanes: true;
}

/**
 * Makes an inbox in Postgres, which it opens at its first use. A delivery that is stored survives the end of the process
 * and of the database server, as far as that has `fsync` on; `synchronous_commit = off` is overruled.
 *
 * `context.complete` takes the client of a transaction that has begun. In one that is `REPEATABLE READ` or
 * `SERIALIZABLE`, call it first: what the inbox notes of a lease meanwhile would be a conflict.
 *
 * @param options see {@link PostgresInboxOptions} and {@link InboxOptions} for each option, its unit and its default
 * @returns what the `inbox` option of every adapter takes
 * @throws WebhookError `invalid_options` when an option is wrong; when it is first used also where pg-boss is not
 * installed
 *
 * @example
 * ```ts
 * import { grantivaWebhooks } from '@hookproof/express';
 * import { postgresInbox } from '@hookproof/inbox/postgres';
 * import pg from 'pg';
 *
 * const pool = new pg.Pool({ connectionString: process.env.DATABASE_URL });
 * const inbox = postgresInbox({ pool });
 * export const middleware = grantivaWebhooks({
 *   secret: process.env.GRANTIVA_SECRET ?? '',
 *   inbox,
 *   on: { 'device.high_risk': ({ data }, { attempt }) => console.log(data.device_id, attempt) },
 * });
 * // On SIGTERM, after server.close(): await inbox.close(), and then pool.end()
 * ```
 */
export function postgresInbox(options: PostgresInboxOptions): PostgresInbox {
  const settings = checkOptions(options, ['pool', 'schema', 'bossSchema', 'queuePrefix']);
  const { pool, schema = 'hookproof', bossSchema = 'pgboss', queuePrefix = 'hookproof' } = ownOptions(options);
  checkPool(pool);
  checkIdentifiers({ schema, bossSchema });
  if (typeof queuePrefix !== 'string' || !/^[A-Za-z0-9_-]{1,50}$/.test(queuePrefix)) {
    throw invalid('queuePrefix must be 1 to 50 letters, digits, dashes and underscores');
  }
  return createInbox(postgresEngine(pool, { schema, bossSchema, queuePrefix }, settings), settings);
}
