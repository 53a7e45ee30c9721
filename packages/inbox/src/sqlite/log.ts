import { statSync } from 'node:fs';
import type { DatabaseFile } from './file.ts';
import { numberIn } from './rows.ts';

/** Bytes that a log never reaches while SQLite can begin it anew. */
const largeBytes = 64 * 1024 * 1024;

/** Makes what looks whether the log grows behind a reader that does not end; it says so once, until that is over. */
export function watchLog(file: DatabaseFile, onError: (error: unknown) => void): () => void {
  let said = false;
  return () => {
    const size = statSync(`${file.path}-wal`, { throwIfNoEntry: false })?.size ?? 0;
    if (size < largeBytes) return;
    const row = file.database().prepare('PRAGMA wal_checkpoint(PASSIVE)').get();
    const isHeld = numberIn(row, 'checkpointed') < numberIn(row, 'log');
    if (isHeld && !said) {
      onError(
        new Error(
          `${file.path}-wal has more than ${largeBytes / 1024 / 1024} MiB, and grows while somebody reads the file in a transaction ` +
            'that does not end: a shell, a report, a loop over iterate(). End it (lsof shows who has the file open), and SQLite uses the log anew.',
        ),
      );
    }
    said = isHeld;
  };
}
