import { setTimeout as pause } from 'node:timers/promises';
import { busyTimeoutMs, isBusy, type SqliteDatabase, type SqliteStatement } from './database.ts';
import { numberIn } from './rows.ts';

/** Prepares a statement, or gives the one that was prepared before. */
export type Prepare = (text: string) => SqliteStatement;

/** How the engine speaks to its database. */
export interface Transactions {
  readonly sql: Prepare;
  /** Does a step in a transaction. While others write it waits without holding up the event loop. */
  readonly transaction: <T>(step: () => T) => Promise<T>;
}

export function sqliteTransactions(database: SqliteDatabase, ownsHandle: boolean): Transactions {
  const statements = new Map<string, SqliteStatement>();
  // SQLite's own way to wait would hold up the event loop: it is off in our handle, and while we begin in the user's.
  const timeoutMs = ownsHandle ? 0 : numberIn(database.prepare('PRAGMA busy_timeout').get(), 'timeout');

  function begin(): void {
    if (timeoutMs === 0) return void database.exec('BEGIN IMMEDIATE');
    database.exec('PRAGMA busy_timeout = 0');
    try {
      database.exec('BEGIN IMMEDIATE');
    } finally {
      database.exec(`PRAGMA busy_timeout = ${timeoutMs}`);
    }
  }

  /** Whether it could begin; false where it is worth another try. */
  function tryBegin(until: number): boolean {
    try {
      begin();
      return true;
    } catch (error) {
      if (!isBusy(error) || performance.now() > until) throw error;
      // In our own handle only a rollback that failed can have left a transaction open.
      if (ownsHandle) rollback();
      return false;
    }
  }

  function rollback(): void {
    try {
      database.exec('ROLLBACK');
    } catch {
      // SQLite has rolled back by itself, as it does when the disk is full.
    }
  }

  return {
    sql(text) {
      const statement = statements.get(text) ?? database.prepare(text);
      statements.set(text, statement);
      return statement;
    },
    async transaction(step) {
      const until = performance.now() + busyTimeoutMs;
      // From its beginning to its end nothing waits, so that no two steps of one handle meet.
      while (!tryBegin(until)) await pause(1 + 10 * Math.random());
      try {
        const result = step();
        database.exec('COMMIT');
        return result;
      } catch (error) {
        rollback();
        throw error;
      }
    },
  };
}
