/**
 * The inbox in a SQLite file: one machine, no server.
 *
 * @module
 */
import type { Inbox } from '@hookproof/core';
import { createInbox } from './inbox.ts';
import { checkOptions, type InboxOptions, invalid, ownOptions } from './options.ts';
import { fileIn, isDatabase, openDatabase, type SqliteDatabase } from './sqlite/database.ts';
import { sqliteEngine } from './sqlite/engine.ts';

import { watchFile } from './sqlite/file.ts';
import { exposureOf } from './sqlite/private-file.ts';
import { makeReady } from './sqlite/ready.ts';
import { explained } from './sqlite/trouble.ts';

export type { InboxOptions } from './options.ts';
export { openDatabase, type SqliteDatabase, type SqliteStatement, type SqliteValue } from './sqlite/database.ts';

/** Options of {@link sqliteInbox}: either `path` or `database`. */
export interface SqliteInboxOptions extends InboxOptions {
  /**
   * The file, which is made where it is not there, for its owner alone to read (mode 0600). Several processes of one
   * machine may share it. One that others may read is left as it is, and `onError` is told once.
   */
  readonly path?: string | undefined;
  /**
   * A handle of your own: better-sqlite3, `node:sqlite`'s `DatabaseSync`, `libsql`, or what works like them. It is set to
   * `journal_mode=WAL`, `synchronous=FULL` and `wal_autocheckpoint=4000`, gets the tables `hookproof_*`, and is yours to
   * close after the inbox.
   */
  readonly database?: SqliteDatabase | undefined;
}

/**
 * What {@link sqliteInbox} makes. It keeps the order of lanes; `complete` of a handler's context takes the database handle
 * with which the handler writes.
 */
export interface SqliteInbox extends Inbox<(database: SqliteDatabase) => void> {
  readonly lanes: true;
}

/**
 * Makes an inbox in a SQLite file, which it opens at once. A delivery that is stored survives the end of the process and
 * of the machine's power, as far as the disk keeps what it was made to write (WAL with `synchronous=FULL`).
 *
 * @param options see {@link SqliteInboxOptions} and {@link InboxOptions} for each option, its unit and its default
 * @returns what the `inbox` option of every adapter takes
 * @throws WebhookError `invalid_options` when an option is wrong, no SQLite is there, or the file cannot be made durable
 *
 * @example
 * ```ts
 * import { grantivaWebhooks } from '@hookproof/express';
 * import { sqliteInbox } from '@hookproof/inbox/sqlite';
 *
 * const inbox = sqliteInbox({ path: 'webhooks.db' });
 * export const middleware = grantivaWebhooks({
 *   secret: process.env.GRANTIVA_SECRET ?? '',
 *   inbox,
 *   on: { 'device.high_risk': ({ data }, { attempt }) => console.log(data.device_id, attempt) },
 * });
 * // Beside the server: gracefulShutdown(server, { inboxes: [inbox], signals: ['SIGTERM'] })
 * ```
 */
export function sqliteInbox(options: SqliteInboxOptions): SqliteInbox {
  const settings = checkOptions(options, ['path', 'database']);
  const { path, database } = ownOptions(options);
  if ((path === undefined) === (database === undefined)) throw invalid('give sqliteInbox either path or database');
  if (path !== undefined && (typeof path !== 'string' || path.trim() === '')) throw invalid('path must name a file');
  if (database !== undefined && !isDatabase(database)) {
    throw invalid('database must be a handle with exec and prepare, such as new Database(path) of better-sqlite3');
  }
  const handle = database ?? openDatabase(path ?? '');
  try {
    makeReady(handle);
    // From here on the event loop must not wait for another process.
    if (database === undefined) handle.exec('PRAGMA busy_timeout = 0');
    const exposure = exposureOf(fileIn(handle));
    // Later, because what onError uses may be made after the inbox.
    if (exposure !== undefined) queueMicrotask(() => settings.onError(exposure));
  } catch (error) {
    const explanation = explained(error, path ?? fileIn(handle), 'invalid_options');
    if (database === undefined) handle.close();
    throw explanation;
  }
  return createInbox(sqliteEngine(watchFile(handle, path), settings), settings);
}
