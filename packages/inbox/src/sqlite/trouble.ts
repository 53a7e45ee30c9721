import { WebhookError } from '@hookproof/core';
import { isOf } from './database.ts';

/** What SQLite's errors mean for whoever runs the app, by their number and the name that drivers give them. */
const meanings: readonly [number: number, name: string, what: string, fix: string][] = [
  [
    5,
    'SQLITE_BUSY',
    'is locked by another process for longer than 5 seconds',
    'Which process has a transaction open for so long? End it, or have it commit sooner.',
  ],
  [
    8,
    'SQLITE_READONLY',
    'may not be written by this process',
    'Let its user write the file and its folder, where SQLite keeps -wal and -shm, on a file system that is not mounted read-only.',
  ],
  [
    10,
    'SQLITE_IOERR',
    'cannot be read or written',
    "The disk failed, says the system's log, or it is a network share, which does not do.",
  ],
  [
    11,
    'SQLITE_CORRUPT',
    'is damaged',
    'Was another file copied over it, or put beside its old -wal? Stop the app and put a backup in place: hookproof inbox restore.',
  ],
  [13, 'SQLITE_FULL', 'has no room on its disk', 'Make room: the inbox goes on by itself.'],
  [
    14,
    'SQLITE_CANTOPEN',
    'or one beside it cannot be made or opened',
    'Let the user of this process write in its folder, where SQLite keeps -wal and -shm.',
  ],
  [
    26,
    'SQLITE_NOTADB',
    'is no database',
    'Was another file copied over it? Stop the app and put a backup in place: hookproof inbox restore.',
  ],
];

/**
 * An error of SQLite with what it means and what to do; whatever else was thrown as it is.
 *
 * @param file the path of the database
 * @param code `invalid_options` at the start, `inbox_unavailable` later
 */
export function explained(error: unknown, file: string, code: 'invalid_options' | 'inbox_unavailable'): unknown {
  if (error instanceof WebhookError || !(error instanceof Error)) return error;
  const found = meanings.find(([kind, name]) => isOf(error, kind, name));
  if (found === undefined) return error;
  const [, , what, fix] = found;
  return new WebhookError(code, `The file of the inbox, ${file}, ${what} (SQLite says: ${error.message}).`, {
    cause: error,
    fix,
  });
}
