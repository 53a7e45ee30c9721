import { setTimeout as pause } from 'node:timers/promises';
import { busyTimeoutMs, isBusy, type SqliteDatabase, type SqliteStatement } from './database.ts';
import type { DatabaseFile } from './file.ts';
import { numberIn } from './rows.ts';
import { explained } from './trouble.ts';

/** Prepares a statement, or gives the one that was prepared before. */
export type Prepare = (text: string) => SqliteStatement;

/** How the engine speaks to its database. */
export interface Transactions {
  readonly sql: Prepare;
  /** Does a step that only reads, and sees what is committed at each of its statements. */
  readonly reading: <T>(step: () => T) => T;
  /** Does a step in a transaction. While others write it waits without holding up the event loop. */
  readonly transaction: <T>(step: () => T) => Promise<T>;
}

export function sqliteTransactions(file: DatabaseFile): Transactions {
  let statements = new Map<string, SqliteStatement>();
  let prepared: SqliteDatabase | undefined;
  // SQLite's own way to wait would hold up the event loop: it is off in our handle, and while we begin in the user's.
  const timeoutMs = file.isOurs ? 0 : numberIn(file.database().prepare('PRAGMA busy_timeout').get(), 'timeout');

  function begin(): void {
    const database = file.database();
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
      if (!isBusy(error) || performance.now() > until) throw explained(error, file.path, 'inbox_unavailable');
      // In our own handle only a rollback that failed can have left a transaction open.
      if (file.isOurs) rollback();
      return false;
    }
  }

  function rollback(): void {
    try {
      file.database().exec('ROLLBACK');
    } catch {
      // SQLite has rolled back by itself, as it does when the disk is full.
    }
  }

  return {
    sql(text) {
      const database = file.database();
      if (prepared !== database) statements = new Map();
      prepared = database;
      const statement = statements.get(text) ?? database.prepare(text);
      statements.set(text, statement);
      return statement;
    },
    reading(step) {
      file.look();
      try {
        return step();
      } catch (error) {
        throw explained(error, file.path, 'inbox_unavailable');
      }
    },
    async transaction(step) {
      file.look();
      const until = performance.now() + busyTimeoutMs;
      // From its beginning to its end nothing waits, so that no two steps of one handle meet.
      while (!tryBegin(until)) await pause(1 + 10 * Math.random());
      try {
        const result = step();
        file.database().exec('COMMIT');
        return result;
      } catch (error) {
        rollback();
        throw explained(error, file.path, 'inbox_unavailable');
      }
    },
  };
}
