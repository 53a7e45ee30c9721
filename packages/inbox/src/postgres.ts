/**
 * The inbox in Postgres, and claims in Postgres: any number of processes and machines share them.
 *
 * @module
 */
import type { Inbox } from '@hookproof/core';
import { createInbox } from './inbox.ts';
import { checkOptions, type InboxOptions, ownOptions } from './options.ts';
import type { PostgresPool, PostgresTransaction } from './postgres/client.ts';
import { postgresEngine } from './postgres/engine.ts';
import { checkIdentifiers, checkPool } from './postgres/options.ts';

export type { InboxOptions } from './options.ts';
export { type PostgresClaimsOptions, postgresClaims } from './postgres/claims.ts';
export type { PostgresClient, PostgresPool, PostgresQueries, PostgresTransaction } from './postgres/client.ts';

/** Options of {@link postgresInbox}. */
export interface PostgresInboxOptions extends InboxOptions {
  /**
   * Your own pool of the package pg, which is yours to end after the inbox. The inbox makes up to 6 connections of its own
   * with the pool's options, so that handlers may hold all of this one. While it is open, what the pool emits as `error`
   * goes to `onError`, and connections that break in a handler's hands do not end the process.
   */
  readonly pool: PostgresPool;
  /** The schema of the tables `inbox_*`, which is made where it is not there; `hookproof` by default. */
  readonly schema?: string | undefined;
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
 * @throws WebhookError `invalid_options` when an option is wrong
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
 * // Beside the server: gracefulShutdown(server, { inboxes: [inbox], signals: ['SIGTERM'], afterClose: () => pool.end() })
 * ```
 */
export function postgresInbox(options: PostgresInboxOptions): PostgresInbox {
  const settings = checkOptions(options, ['pool', 'schema']);
  const { pool, schema = 'hookproof' } = ownOptions(options);
  checkPool(pool);
  checkIdentifiers({ schema });
  return createInbox(postgresEngine(pool, schema, settings), settings);
}
