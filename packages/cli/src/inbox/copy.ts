import { open, rm } from 'node:fs/promises';
import { dirname } from 'node:path';
import type { DeliveryCounts } from '@hookproof/core';
import { openDatabase } from '@hookproof/inbox/sqlite';
import { exitCode } from '../exit-code.ts';
import { Failure, usage } from '../failure.ts';
import { printable, type Report } from '../terminal.ts';
import { states } from './options.ts';
import { inboxFile } from './sqlite.ts';
import { type Store, storeOf, titles } from './store.ts';

/** The store, which must be a SQLite file, and the other file that the command line names. */
export async function placesIn(
  words: readonly string[],
  what: string,
  report: Report,
): Promise<{ readonly store: Store; readonly file: string }> {
  const file = words.at(-1);
  if (file === undefined || words.length > 2)
    throw usage(`Give the store and ${what}, or the latter and HOOKPROOF_INBOX.`);
  const store = await storeOf(words.length === 2 ? words[0] : undefined, {}, report);
  if (store.engine !== 'sqlite') {
    throw usage(
      `${store.label} is in ${titles[store.engine]}, and this is for SQLite files.`,
      'PostgreSQL has pg_dump and pg_restore; Redis keeps its append-only file and snapshots (BGSAVE).',
    );
  }
  return { store, file };
}

/**
 * Copies the inbox in a file, which may be in use, as it is at one moment, into a new file beside another; then looks
 * whether the copy is whole. Nobody but its owner can read the copy. The caller renames or deletes it.
 */
export async function copyInbox(
  from: string,
  beside: string,
): Promise<{ readonly copy: string; readonly counts: DeliveryCounts }> {
  await inboxFile(from, printable(from));
  const copy = `${beside}.${process.pid}.partial`;
  await (await open(copy, 'wx', 0o600)).close();
  try {
    const source = openDatabase(from);
    try {
      source.exec(`VACUUM INTO '${copy.replaceAll("'", "''")}'`);
    } finally {
      source.close();
    }
    const counts = countsOf(copy, from);
    await toDisk(copy);
    return { copy, counts };
  } catch (error) {
    await rm(copy, { force: true });
    throw error;
  }
}

function countsOf(copy: string, from: string): DeliveryCounts {
  const database = openDatabase(copy);
  try {
    const problems = database
      .prepare('PRAGMA integrity_check')
      .all()
      .map((row) => String(Object.values(Object(row))[0]));
    if (problems[0] !== 'ok') throw damaged(from, problems[0] ?? '');
    const counts = { waiting: 0, working: 0, handled: 0, dead: 0 };
    for (const state of states) {
      const row = database.prepare('SELECT count(*) AS n FROM hookproof_deliveries WHERE state = ?').get(state);
      counts[state] = Number(Reflect.get(Object(row), 'n'));
    }
    return counts;
  } finally {
    database.close();
  }
}

/** A file that SQLite cannot read as a whole. */
function damaged(file: string, why: string): Failure {
  return new Failure(exitCode.failed, 'damaged', `${printable(file)} is damaged: ${printable(why)}.`, {
    fix: 'Take an older backup, or what "sqlite3 <file> .recover" finds.',
  });
}

/** Has the disk keep what is in a file, or the names in a folder. */
async function toDisk(path: string): Promise<void> {
  const file = await open(path, 'r');
  try {
    await file.sync();
  } finally {
    await file.close();
  }
}

/** The same for the name of a file; where folders cannot be asked, as on Windows, the system does it by itself. */
export async function nameToDisk(path: string): Promise<void> {
  await toDisk(dirname(path)).catch(() => undefined);
}

/** The counts in words. */
export function inWords(counts: DeliveryCounts): string {
  return states.map((state) => `${counts[state].toLocaleString('en')} ${state}`).join(', ');
}
