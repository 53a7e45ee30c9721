import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openDatabase, sqliteInbox } from '@hookproof/inbox/sqlite';
import { inboxConformance } from '@hookproof/testing/inbox-conformance';

// The conformance suite for inboxes on SQLite, in this runtime itself: one line of JSON for each test.
const folder = mkdtempSync(join(tmpdir(), 'hookproof-inbox-'));
const tests: (readonly [title: string, run: () => Promise<void>])[] = [];

inboxConformance({
  name: 'sqlite',
  test: (title, run) => tests.push([title, run]),
  open: (store, settings) => sqliteInbox({ path: join(folder, `${store}.db`), ...settings }),
  begin(store) {
    const database = openDatabase(join(folder, `${store}.db`));
    database.exec('BEGIN IMMEDIATE');
    const end = (statement: string) => {
      database.exec(statement);
      database.close();
    };
    return { transaction: database, commit: () => end('COMMIT'), rollback: () => end('ROLLBACK') };
  },
});

for (const [title, run] of tests) {
  try {
    await run();
    console.log(JSON.stringify({ title }));
  } catch (error) {
    console.log(
      JSON.stringify({ title, error: error instanceof Error ? (error.stack ?? error.message) : String(error) }),
    );
  }
}
rmSync(folder, { recursive: true, force: true });
console.log(JSON.stringify({ ended: true }));
