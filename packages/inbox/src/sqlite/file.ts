import { rmSync, statSync } from 'node:fs';
import { WebhookError } from '@hookproof/core';
import { fileIn, openDatabase, type SqliteDatabase } from './database.ts';
import { makeReady } from './ready.ts';
import { numberIn } from './rows.ts';

/** Milliseconds between two looks at where the file is. */
const lookMs = 1_000;

const ends = ['', '-wal', '-shm'] as const;

/** The files of a database as they were when it was opened: of a name alone nobody can tell which file it is. */
type Marks = Readonly<Record<(typeof ends)[number], string | undefined>>;

/** The database of an inbox, for as long as its file is the one at its path. */
export interface DatabaseFile {
  readonly path: string;
  /** Whether the inbox has opened it, and will close it. */
  readonly isOurs: boolean;
  /** The handle; another one where the file was opened anew. */
  database(): SqliteDatabase;
  /**
   * Looks where the file is, once a second; throws `inbox_unavailable` where it was removed, renamed or replaced. One of
   * ours is opened anew where another inbox has taken its place.
   */
  look(): void;
  /** Throws `inbox_unavailable` where the file is not in its place now: what was written may be in one that nobody finds. */
  confirm(): void;
  close(): void;
}

/**
 * Watches over the file of a handle that is ready.
 *
 * @param path where the inbox has opened it; undefined for a handle of the user's
 */
export function watchFile(given: SqliteDatabase, path: string | undefined): DatabaseFile {
  const file = fileIn(given);
  /** Undefined while the inbox has let go of a file that is no longer there. */
  let database: SqliteDatabase | undefined = given;
  let marks = marksOf(file);
  let looked = performance.now();
  let trouble: WebhookError | undefined;
  /** What another file at the path looked like when it was seen last. */
  let seen: string | undefined;

  function isInPlace(): boolean {
    const now = marksOf(file);
    return now[''] === marks[''] && now['-wal'] === marks['-wal'];
  }

  /** Why the file of a handle that is ours is not used; undefined where it is, or another one now. */
  function goOn(ours: string): string | undefined {
    if (database !== undefined) {
      if (!emptyLog(database)) return 'Another process still uses it.';
      database.close();
      database = undefined;
    }
    const now = marksOf(file);
    if (now[''] === undefined) return 'There is none now.';
    // Whoever copies a file there has not ended while it grows.
    const before = seen;
    seen = stateOf(file);
    if (before !== seen) return 'The one that is there now is looked at in a second.';
    // Beside another file they would be taken for its own, and spoil it.
    for (const end of ['-wal', '-shm'] as const) {
      if (marks[end] !== undefined && now[end] === marks[end]) rmSync(file + end);
    }
    const next = openDatabase(ours);
    try {
      if (!hasInbox(next)) {
        next.close();
        return 'The one that is there now has no inbox.';
      }
      makeReady(next);
      next.exec('PRAGMA busy_timeout = 0');
    } catch (error) {
      next.close();
      throw error;
    }
    database = next;
    marks = marksOf(file);
    seen = undefined;
    return undefined;
  }

  function whatIsWrong(): WebhookError | undefined {
    if (database !== undefined && isInPlace()) return undefined;
    if (path === undefined) {
      emptyLog(given);
      return movedFile(file, false);
    }
    try {
      const why = goOn(path.startsWith('file:') ? path : file);
      return why === undefined ? undefined : movedFile(file, true, why);
    } catch (cause) {
      return movedFile(file, true, `The one that is there now cannot be opened: ${String(cause)}`);
    }
  }

  return {
    path: file,
    isOurs: path !== undefined,
    database() {
      if (database === undefined) throw trouble ?? movedFile(file, true);
      return database;
    },
    look() {
      if (performance.now() - looked >= lookMs) {
        looked = performance.now();
        trouble = whatIsWrong();
      }
      if (trouble !== undefined) throw trouble;
    },
    confirm() {
      if (isInPlace()) return;
      trouble = movedFile(file, path !== undefined);
      throw trouble;
    },
    close() {
      if (path === undefined || database === undefined) return;
      // The file alone is then whole, for whoever copies it.
      emptyLog(database);
      database.close();
    },
  };
}

function movedFile(file: string, isOurs: boolean, why = ''): WebhookError {
  const fix = isOurs
    ? 'Put it back, or restore a backup with "hookproof inbox restore": the inbox goes on by itself. After a restart it begins with a new file where there is none.'
    : 'Put it back, or restart the process: only the inbox of a path opens its file anew.';
  const problem = `The file of the inbox, ${file}, was removed, renamed or replaced while it was open.`;
  return new WebhookError('inbox_unavailable', why === '' ? problem : `${problem} ${why}`, { fix });
}

/** Puts what is in the log into the file that it belongs to, so that neither is worth less without the other. */
function emptyLog(database: SqliteDatabase): boolean {
  try {
    return numberIn(database.prepare('PRAGMA wal_checkpoint(TRUNCATE)').get(), 'busy') === 0;
  } catch {
    return false;
  }
}

function hasInbox(database: SqliteDatabase): boolean {
  const tables = database.prepare(`
    SELECT 1 FROM sqlite_master WHERE type = 'table' AND name IN ('hookproof_schema', 'hookproof_deliveries')`);
  return tables.all().length === 2;
}

function marksOf(file: string): Marks {
  const [main, log, index] = ends.map((end) => {
    const found = statSync(file + end, { bigint: true, throwIfNoEntry: false });
    return found === undefined ? undefined : `${found.dev} ${found.ino}`;
  });
  return { '': main, '-wal': log, '-shm': index };
}

function stateOf(file: string): string {
  const found = statSync(file, { throwIfNoEntry: false });
  return `${found?.ino} ${found?.size} ${found?.mtimeMs}`;
}
