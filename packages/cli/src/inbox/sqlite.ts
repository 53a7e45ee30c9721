import { open } from 'node:fs/promises';
import { openDatabase, sqliteInbox } from '@hookproof/inbox/sqlite';
import { type OpenInbox, quiet } from './engine.ts';
import { loadPeer } from './peers.ts';
import type { Store } from './store.ts';
import { noInbox } from './trouble.ts';

const fix = 'Give the path that your app gives to sqliteInbox. Nothing was created.';

/** Opens the inbox in a SQLite file that has one. */
export async function openSqlite({ location, label }: Store): Promise<OpenInbox> {
  const start = await inboxFile(location, label);
  // An inbox is in WAL mode, and its file says so in these bytes; to open a copy that is not would change it.
  if (!start.endsWith('\x02\x02')) {
    throw noInbox(
      `${label} is not an inbox in use but a copy, as hookproof inbox backup makes it: opening it would change it.`,
      'Put it where no inbox is, and open that: hookproof inbox restore <new file> <copy>.',
    );
  }
  const inbox = sqliteInbox({ path: location, ...quiet });
  return { inbox, close: () => inbox.close() };
}

/** Looks whether there is an inbox in a file; returns what the file begins with. */
export async function inboxFile(location: string, label: string): Promise<string> {
  const start = await startOf(location, label);
  if (!start.startsWith('SQLite format 3\0')) throw noInbox(`${label} is not an SQLite database.`, fix);
  // As the inbox does: it takes what the runtime has, or else this package.
  if (!hasSqlite()) await loadPeer('libsql', () => import('libsql'));
  if (!hasInbox(location)) throw noInbox(`${label} has no inbox: there are no tables hookproof_* in it.`, fix);
  return start;
}

/** What a file begins with. SQLite itself would make one that is not there. */
async function startOf(path: string, label: string): Promise<string> {
  try {
    const file = await open(path);
    try {
      const { buffer, bytesRead } = await file.read({ buffer: Buffer.alloc(20), length: 20, position: 0 });
      return buffer.toString('latin1', 0, bytesRead);
    } finally {
      await file.close();
    }
  } catch (error) {
    const code: unknown = Reflect.get(Object(error), 'code');
    if (code === 'ENOENT' || code === 'ENOTDIR') throw noInbox(`There is no file ${label}.`, fix);
    if (code === 'EISDIR') throw noInbox(`${label} is a folder.`, fix);
    throw noInbox(`${label} could not be read (${String(code)}).`, 'May you read and write this file?');
  }
}

/** Whether the runtime brings a SQLite. */
function hasSqlite(): boolean {
  try {
    return process.getBuiltinModule('node:sqlite') !== undefined;
  } catch {
    return false;
  }
}

function hasInbox(path: string): boolean {
  const database = openDatabase(path);
  try {
    const tables = database.prepare(
      "SELECT 1 FROM sqlite_master WHERE type = 'table' AND name IN ('hookproof_schema', 'hookproof_deliveries')",
    );
    return tables.all().length === 2;
  } finally {
    database.close();
  }
}
