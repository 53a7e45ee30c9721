import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { sqliteInbox } from '@hookproof/inbox/sqlite';
import { inboxConformance } from '@hookproof/testing/inbox-conformance';
import Database from 'libsql';
import { afterAll, it } from 'vitest';

const folder = mkdtempSync(join(tmpdir(), 'hookproof-inbox-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const fileOf = (store: string) => join(folder, `${store}.db`);

inboxConformance({
  name: 'sqlite',
  test: it,
  open: (store, settings) => sqliteInbox({ path: fileOf(store), ...settings }),
  begin(store) {
    const database = new Database(fileOf(store));
    database.exec('BEGIN IMMEDIATE');
    const end = (statement: string) => {
      database.exec(statement);
      database.close();
    };
    return { transaction: database, commit: () => end('COMMIT'), rollback: () => end('ROLLBACK') };
  },
});
