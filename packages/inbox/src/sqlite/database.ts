import { createRequire } from 'node:module';
import { WebhookError } from '@hookproof/core';
import { fileOf, makePrivate } from './private-file.ts';

/** What SQLite takes and gives. */
export type SqliteValue = null | number | bigint | string | Uint8Array;

/** A prepared statement, as better-sqlite3, `node:sqlite` and `libsql` have it. */
export interface SqliteStatement {
  /** Runs it, and says how many rows it changed. */
  run(...parameters: SqliteValue[]): { readonly changes: number | bigint };
  /** Runs it, and gives the first row. */
  get(...parameters: SqliteValue[]): unknown;
  /** Runs it, and gives all rows. */
  all(...parameters: SqliteValue[]): unknown[];
}

/** A database handle that works synchronously: better-sqlite3, `node:sqlite`'s `DatabaseSync`, or `libsql`. */
export interface SqliteDatabase {
  /** Runs statements without parameters. */
  exec(sql: string): unknown;
  /** Prepares a statement. */
  prepare(sql: string): SqliteStatement;
  /** Closes the file. */
  close(): unknown;
}

/** Milliseconds for which a statement waits for others that use the file; then it fails. */
export const busyTimeoutMs = 5_000;

type Constructor = new (path: string) => SqliteDatabase;

/**
 * Opens a SQLite file with what is there: `node:sqlite` where the runtime has it, else the package `libsql`. It is what
 * `sqliteInbox({ path })` uses; call it to share one handle, or to write in the same file and call `context.complete`.
 *
 * @param path the file, which is made where it is not there, for its owner alone to read
 * @returns a handle that works synchronously, and waits up to 5 seconds (`busy_timeout`) for others that use the file
 * @throws WebhookError `invalid_options` where neither is there; the message says what to install
 *
 * @example
 * ```ts
 * import { openDatabase, sqliteInbox } from '@hookproof/inbox/sqlite';
 *
 * const database = openDatabase('app.db');
 * database.exec('CREATE TABLE IF NOT EXISTS blocked (device_id TEXT PRIMARY KEY)');
 * export const inbox = sqliteInbox({ database });
 * ```
 */
export function openDatabase(path: string): SqliteDatabase {
  const Database = builtIn() ?? installed();
  if (Database === undefined) {
    throw new WebhookError(
      'invalid_options',
      `sqliteInbox found no SQLite: this runtime (${process.version}) has no node:sqlite, and the package libsql is not installed.`,
      { fix: 'Run "npm install libsql", use Node 22.13 or later, or pass a better-sqlite3 handle as database.' },
    );
  }
  try {
    const file = fileOf(path);
    if (file !== undefined) makePrivate(file);
    // Node 22.13 has a SQLite that reads no URIs, and would make another file.
    const database = new Database(path.includes('?') ? path : (file ?? path));
    // Before anything else: where several processes start together, each statement may meet another one.
    database.exec(`PRAGMA busy_timeout = ${busyTimeoutMs}`);
    return database;
  } catch (cause) {
    throw new WebhookError('invalid_options', `SQLite could not open "${path}".`, {
      cause,
      fix: 'Is it a file in a folder that is there, and may this process write in it? The cause is what SQLite said.',
    });
  }
}

// By name at run time, so that bundlers do not look for what need not be there; and tried, because a runtime may have the
// function and not what it does.
function builtIn(): Constructor | undefined {
  try {
    const Database = constructorIn(process.getBuiltinModule('node:sqlite'), 'DatabaseSync');
    if (Database !== undefined) new Database(':memory:').close();
    return Database;
  } catch {
    return undefined;
  }
}

function installed(): Constructor | undefined {
  try {
    const module: unknown = createRequire(import.meta.url)('libsql');
    return isConstructor(module) ? module : constructorIn(module, 'default');
  } catch (error) {
    if (property(error, 'code') === 'MODULE_NOT_FOUND') return undefined;
    throw error;
  }
}

function constructorIn(module: unknown, name: string): Constructor | undefined {
  const found = property(module, name);
  return isConstructor(found) ? found : undefined;
}

function isConstructor(value: unknown): value is Constructor {
  return typeof value === 'function';
}

/** Whether something has the methods of a database handle. */
export function isDatabase(value: unknown): value is SqliteDatabase {
  return ['exec', 'prepare'].every((name) => typeof property(value, name) === 'function');
}

/** The path of a database's file, as SQLite has found it; empty where it is in memory. */
export function fileIn(database: SqliteDatabase): string {
  const all = database.prepare('PRAGMA database_list').all();
  return String(
    property(
      all.find((row) => property(row, 'name') === 'main'),
      'file',
    ) ?? '',
  );
}

/** Whether SQLite refused because someone else writes, or this handle is in the middle of a transaction. */
export function isBusy(error: unknown): boolean {
  return isLocked(error) || (error instanceof Error && error.message.includes('within a transaction'));
}

/** Whether SQLite refused because someone else uses the file. */
export function isLocked(error: unknown): boolean {
  return isOf(error, 5, 'SQLITE_BUSY');
}

/** Whether an error of SQLite is of a kind, which has a number and, with most drivers, a name. */
export function isOf(error: unknown, kind: number, name: string): boolean {
  const code = property(error, 'code');
  // node:sqlite and libsql number their errors; the extended codes have the plain one in their last byte.
  const number = property(error, 'errcode') ?? property(error, 'rawCode');
  return (
    (typeof code === 'string' && code.startsWith(name)) || (typeof number === 'number' && (number & 0xff) === kind)
  );
}

/** Whether a handle is in a transaction, asked in the one way that all drivers share. */
export function isInTransaction(database: SqliteDatabase): boolean {
  try {
    database.exec('BEGIN');
  } catch (error) {
    if (error instanceof Error && error.message.includes('within a transaction')) return true;
    throw error;
  }
  database.exec('ROLLBACK');
  return false;
}

/** What stands under a name in something of whatever kind. */
export function property(value: unknown, name: string): unknown {
  const holds = (typeof value === 'object' && value !== null) || typeof value === 'function';
  return holds ? Reflect.get(value, name) : undefined;
}
