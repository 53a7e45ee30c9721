import { openDatabase as open, type SqliteDatabase } from '@hookproof/inbox/sqlite';

/** Opens the app's database, which is the inbox's too. A handle of `node:sqlite` or better-sqlite3 does as well. */
export function openDatabase(path: string): SqliteDatabase {
  const database = open(path);
  // Whoever opens the file while another process writes waits that long, in milliseconds.
  database.exec('PRAGMA busy_timeout = 1000');
  // `alarms` counts, so an event that is handled twice shows.
  database.exec(`
    CREATE TABLE IF NOT EXISTS blocked_devices (
      device_id TEXT PRIMARY KEY,
      risk_score REAL NOT NULL,
      alarms INTEGER NOT NULL
    )`);
  return database;
}

/** Runs `work` in a transaction. It must not wait for anything: whatever uses the handle meanwhile is in it too. */
export function inTransaction(database: SqliteDatabase, work: () => void): void {
  database.exec('BEGIN IMMEDIATE');
  try {
    work();
    database.exec('COMMIT');
  } catch (error) {
    database.exec('ROLLBACK');
    throw error;
  }
}
