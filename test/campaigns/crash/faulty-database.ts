import { createRequire } from 'node:module';
import type { SqliteDatabase, SqliteStatement } from '@hookproof/inbox/sqlite';

export const libsql: new (path: string) => SqliteDatabase = createRequire(import.meta.url)('libsql');

/**
 * How a store fails at its nth statement: it refuses that one, or that one and all after it until it is corrected, or it
 * commits and then says that it did not (the first COMMIT from the nth statement on).
 */
export type Fault = { readonly nth: number; readonly kind: 'once' | 'outage' | 'unsure' };

export const kinds = ['once', 'outage', 'unsure'] as const;

/** A handle over a real one that can be told to fail. */
export class FaultyDatabase implements SqliteDatabase {
  readonly trace: string[] = [];
  failures = 0;
  private fault: Fault | undefined;
  private readonly inner: SqliteDatabase;

  constructor(path: string) {
    this.inner = new libsql(path);
  }

  /** Counts statements from now on, and fails as it is told. */
  arm(fault: Fault | undefined): void {
    this.trace.length = 0;
    this.fault = fault;
  }

  correct(): void {
    this.fault = undefined;
  }

  exec(sql: string): unknown {
    return this.step(sql, () => this.inner.exec(sql));
  }

  prepare(sql: string): SqliteStatement {
    const statement = this.inner.prepare(sql);
    return {
      run: (...values) => this.step(sql, () => statement.run(...values)),
      get: (...values) => this.step(sql, () => statement.get(...values)),
      all: (...values) => this.step(sql, () => statement.all(...values)),
    };
  }

  close(): unknown {
    return this.inner.close();
  }

  private step<T>(sql: string, run: () => T): T {
    // SQLite takes back what is not committed without the disk.
    if (sql === 'ROLLBACK') return run();
    this.trace.push(sql.trim().replace(/\s+/g, ' '));
    const { nth, kind } = this.fault ?? { nth: Number.POSITIVE_INFINITY, kind: 'once' };
    const at = this.trace.length;
    if (kind === 'once' ? at === nth : kind === 'outage' && at >= nth) return this.fail();
    const result = run();
    if (kind === 'unsure' && at >= nth && sql === 'COMMIT') {
      this.correct();
      return this.fail();
    }
    return result;
  }

  private fail(): never {
    this.failures += 1;
    throw new Error('disk I/O error');
  }
}
