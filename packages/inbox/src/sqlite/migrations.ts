import { WebhookError } from '@hookproof/core';
import type { SqliteDatabase } from './database.ts';
import { isRow, numberIn } from './rows.ts';

/**
 * What made the tables what they are, in order. Only ever append: files out there were made by the ones that are here.
 *
 * A delivery's bytes stand in a table of their own, because SQLite writes a whole row for every change in it. Of each
 * lane exactly one delivery that waits or is worked on is not `parked`: the one whose turn it is. A statement finds a
 * partial index only where it says the index's condition word for word. `hookproof_keys` has the events whose delivery
 * was pruned.
 */
export const migrations: readonly string[] = [
  `
  CREATE TABLE hookproof_deliveries (
    seq INTEGER PRIMARY KEY AUTOINCREMENT,
    name TEXT NOT NULL,
    key TEXT NOT NULL,
    type TEXT,
    lane TEXT,
    in_lane INTEGER NOT NULL,
    parked INTEGER NOT NULL,
    state TEXT NOT NULL,
    attempts INTEGER NOT NULL DEFAULT 0,
    takes INTEGER NOT NULL DEFAULT 0,
    beats INTEGER NOT NULL DEFAULT 0,
    received_at INTEGER NOT NULL,
    due_from INTEGER NOT NULL,
    due_at INTEGER NOT NULL,
    leased_until INTEGER,
    failing_since INTEGER,
    finished_at INTEGER,
    error_code TEXT,
    error_message TEXT,
    UNIQUE (name, key)
  );
  CREATE TABLE hookproof_bodies (
    seq INTEGER PRIMARY KEY,
    headers TEXT NOT NULL,
    body BLOB NOT NULL
  );
  CREATE INDEX hookproof_due ON hookproof_deliveries (name, due_at, seq) WHERE state = 'waiting' AND parked = 0;
  CREATE INDEX hookproof_open ON hookproof_deliveries (state, seq) WHERE state <> 'handled';
  CREATE INDEX hookproof_lanes ON hookproof_deliveries (name, lane, seq) WHERE in_lane = 1;
  CREATE INDEX hookproof_failing ON hookproof_deliveries (failing_since)
    WHERE in_lane = 1 AND parked = 0 AND failing_since IS NOT NULL;
  CREATE INDEX hookproof_handled ON hookproof_deliveries (finished_at) WHERE state = 'handled';
  `,
  'ALTER TABLE hookproof_deliveries ADD COLUMN owner TEXT',
  `
  CREATE TABLE hookproof_keys (
    name TEXT NOT NULL,
    key TEXT NOT NULL,
    seq INTEGER NOT NULL,
    known_until INTEGER NOT NULL,
    PRIMARY KEY (name, key)
  ) WITHOUT ROWID;
  CREATE INDEX hookproof_known ON hookproof_keys (known_until);
  `,
];

/** Brings a file to the latest version, whoever made it; several processes may try at once. */
export function migrate(database: SqliteDatabase, steps: readonly string[] = migrations): void {
  if (versionOf(database) === steps.length) return;
  database.exec('BEGIN IMMEDIATE');
  try {
    database.exec('CREATE TABLE IF NOT EXISTS hookproof_schema (version INTEGER NOT NULL)');
    const version = versionOf(database);
    if (version > steps.length) {
      throw new WebhookError(
        'invalid_options',
        'The file of the inbox was made by a later version of @hookproof/inbox.',
        {
          fix: 'Install that version here too.',
        },
      );
    }
    for (const step of steps.slice(version)) database.exec(step);
    database.exec('DELETE FROM hookproof_schema');
    database.prepare('INSERT INTO hookproof_schema VALUES (?)').run(steps.length);
    database.exec('COMMIT');
  } catch (error) {
    database.exec('ROLLBACK');
    throw error;
  }
}

function versionOf(database: SqliteDatabase): number {
  const tables = database.prepare("SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = 'hookproof_schema'");
  if (!isRow(tables.get())) return 0;
  const row = database.prepare('SELECT version FROM hookproof_schema').get();
  return isRow(row) ? numberIn(row, 'version') : 0;
}
