import { invalid } from '../options.ts';
import { busyTimeoutMs, isLocked, type SqliteDatabase } from './database.ts';
import { migrate } from './migrations.ts';
import { numberIn } from './rows.ts';

/**
 * Makes a database durable and gives it its tables. Several processes may do so at once on a file that is new: each step
 * waits for the others, and this holds up the event loop.
 */
export function makeReady(database: SqliteDatabase): void {
  const timeoutMs = numberIn(database.prepare('PRAGMA busy_timeout').get(), 'timeout');
  database.exec(`PRAGMA busy_timeout = ${busyTimeoutMs}`);
  try {
    patiently(() => makeDurable(database));
    patiently(() => migrate(database));
  } finally {
    database.exec(`PRAGMA busy_timeout = ${timeoutMs}`);
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
  // Only macOS knows the difference: there a plain fsync leaves the bytes in the disk's own memory.
  database.exec('PRAGMA fullfsync = 1');
}

function firstValue(row: unknown): unknown {
  return Object.values(Object(row))[0];
}
