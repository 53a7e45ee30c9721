import { invalid } from '../options.ts';
import { busyTimeoutMs, isLocked, property, type SqliteDatabase } from './database.ts';
import { migrate } from './migrations.ts';
import { numberIn } from './rows.ts';

/**
 * Makes a database durable and gives it its tables. Several processes may do so at once on a file that is new: each step
 * waits for the others, and this holds up the event loop.
 */
export function makeReady(database: SqliteDatabase): void {
  checkDriver(database);
  const timeoutMs = numberIn(database.prepare('PRAGMA busy_timeout').get(), 'timeout');
  database.exec(`PRAGMA busy_timeout = ${busyTimeoutMs}`);
  try {
    patiently(() => makeDurable(database));
    patiently(() => migrate(database));
    patiently(() => tryWriting(database));
  } finally {
    database.exec(`PRAGMA busy_timeout = ${timeoutMs}`);
  }
}

/** Whether the driver answers at once, and its SQLite knows what is asked of it. */
function checkDriver(database: SqliteDatabase): void {
  const answer = database.prepare('SELECT sqlite_version() AS version').get();
  const version = property(answer, 'version');
  if (typeof version !== 'string') {
    throw invalid(
      'the database of sqliteInbox must be a handle that answers at once: better-sqlite3, DatabaseSync of node:sqlite, or libsql (not libsql/promise, nor the package sqlite3)',
    );
  }
  const [major = 0, minor = 0] = version.split('.').map(Number);
  // RETURNING came with it.
  if (major === 3 && minor >= 35) return;
  throw invalid(`sqliteInbox needs SQLite 3.35 or a later 3, and this driver has ${version}: install a newer one`);
}

/** A file that may only be read could be opened too, and would refuse the first delivery. */
function tryWriting(database: SqliteDatabase): void {
  database.exec('BEGIN IMMEDIATE');
  try {
    database.exec('UPDATE hookproof_schema SET version = version');
  } finally {
    database.exec('ROLLBACK');
  }
}

/** Does a step again while others use the file: SQLite itself does not wait where two change to a write-ahead log. */
function patiently(step: () => void): void {
  const until = performance.now() + busyTimeoutMs;
  for (;;) {
    try {
      step();
      return;
    } catch (error) {
      if (!isLocked(error) || performance.now() > until) throw error;
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 1 + 10 * Math.random());
    }
  }
}

/** What a promise to survive a crash needs of SQLite. */
function makeDurable(database: SqliteDatabase): void {
  const mode = firstValue(database.prepare('PRAGMA journal_mode = WAL').get());
  if (mode !== 'wal') {
    throw invalid(
      `the database of sqliteInbox cannot use a write-ahead log (its journal_mode is ${mode}): use a file on a local disk, or memoryInbox() in tests`,
    );
  }
  database.exec('PRAGMA synchronous = FULL');
  // With a million stored each new key changes another page of their index: one that waits in the log is written once for
  // many. In 4 KiB pages these are 16 MiB.
  database.exec('PRAGMA wal_autocheckpoint = 4000');
  // Only macOS knows the difference: there a plain fsync leaves the bytes in the disk's own memory.
  database.exec('PRAGMA fullfsync = 1');
}

function firstValue(row: unknown): unknown {
  return Object.values(Object(row))[0];
}
