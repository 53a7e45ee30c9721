import { existsSync, realpathSync } from 'node:fs';
import { link, rename, rm } from 'node:fs/promises';
import type { Command } from '@commander-js/extra-typings';
import type { DeliveryCounts } from '@hookproof/core';
import { openDatabase, type SqliteDatabase } from '@hookproof/inbox/sqlite';
import { type ExitCode, exitCode } from '../exit-code.ts';
import { Failure, usage } from '../failure.ts';
import { type CommonOptions, jsonOption, type Shell } from '../shell.ts';
import { printable, type Report } from '../terminal.ts';
import { agreed } from './change.ts';
import { copyInbox, inWords, nameToDisk, placesIn } from './copy.ts';
import { troubleWith } from './trouble.ts';

interface RestoreOptions extends CommonOptions {
  readonly yes?: true | undefined;
  readonly force?: true | undefined;
}

/** Adds `inbox restore`. */
export function addRestore(inbox: Command, shell: Shell): void {
  inbox
    .command('restore')
    .summary('put a backup of a SQLite file in its place')
    .description(
      'Put a backup in the place of the inbox in a SQLite file. It refuses while a process has that file open. The backup ' +
        'is checked first, and stays; what was in its place is kept beside it under another name.',
    )
    .argument('[words...]', 'the store, or HOOKPROOF_INBOX, and the backup')
    .option(...jsonOption)
    .option('-y, --yes', 'do not ask; needed where there is no terminal')
    .option('--force', 'also where the file in its place is damaged, so that nobody can tell whether it is open')
    .addHelpText(
      'after',
      `
What was handled after the backup was made is handled again when the provider sends it again, or when it is in the backup as
waiting. Stop the app first; one whose file is gone may run, and goes on with the backup by itself.

Examples:
  $ hookproof inbox restore webhooks.db backups/webhooks-2026-11-01.db`,
    )
    .action((words, options) => shell.perform(options, (report) => restore(words, options, report)));
}

async function restore(words: readonly string[], options: RestoreOptions, report: Report): Promise<ExitCode> {
  const { store, file: backup } = await placesIn(words, 'the backup', report);
  const place = store.location;
  const isReplaced = existsSync(place);
  if (isReplaced && existsSync(backup) && realpathSync(place) === realpathSync(backup)) {
    throw usage(`${printable(backup)} is the inbox itself.`, 'Give the backup as the last argument.');
  }
  try {
    const { copy, counts } = await copyInbox(backup, place);
    try {
      // As an inbox is. Without a statement that stays, so that the log is gone when it is closed.
      const database = openDatabase(copy);
      database.exec('PRAGMA journal_mode = WAL');
      database.close();
      const question = `Put ${printable(backup)} (${inWords(counts)}) in the place of ${store.label}?`;
      if (isReplaced && !(await agreed(question, options, report))) return exitCode.no;
      const kept = await replace(place, copy, options.force === true);
      return await tell(store.label, kept, counts, report);
    } finally {
      await rm(copy, { force: true });
    }
  } catch (error) {
    throw troubleWith(store, error);
  }
}

/** Puts the copy in its place; returns under which name what was there is kept. */
async function replace(place: string, copy: string, force: boolean): Promise<string | undefined> {
  const held = existsSync(place) ? hold(place, force) : undefined;
  try {
    const kept = existsSync(place) ? nameFor(place) : undefined;
    if (kept !== undefined) await link(place, kept);
    // What is left of a file that nobody could open belongs to that file, and would spoil the one that comes.
    if (existsSync(`${place}-wal`)) {
      if (kept === undefined) await rm(`${place}-wal`);
      else await rename(`${place}-wal`, `${kept}-wal`);
    }
    await rm(`${place}-shm`, { force: true });
    await rename(copy, place);
    await nameToDisk(place);
    return kept;
  } finally {
    held?.close();
  }
}

/** Keeps everybody else out of a file until the handle is closed; throws where somebody has it open. */
function hold(place: string, force: boolean): SqliteDatabase | undefined {
  const database = openDatabase(place);
  try {
    database.exec('PRAGMA busy_timeout = 0');
    // SQLite gives up the log only for the one process that has the file open, and then the file alone is whole.
    database.exec('PRAGMA journal_mode = DELETE');
    database.exec('BEGIN EXCLUSIVE');
    return database;
  } catch (error) {
    database.close();
    const said = error instanceof Error ? error.message : String(error);
    if (/locked|busy/i.test(said)) {
      throw new Failure(
        exitCode.failed,
        'in_use',
        `${printable(place)} is open in another process; nothing was done.`,
        {
          fix: 'Stop the app and whatever else has the file open (lsof, fuser), and try again.',
        },
      );
    }
    if (force) return undefined;
    throw new Failure(
      exitCode.failed,
      'damaged',
      `${printable(place)} cannot be read (${printable(said)}); nothing was done.`,
      {
        fix: 'So nobody can tell whether a process has it open. Stop the app, and give --force.',
        cause: error,
      },
    );
  }
}

function nameFor(place: string): string {
  return `${place}.before-${new Date().toISOString().replaceAll(/[-:]|\.\d+/g, '')}`;
}

async function tell(
  label: string,
  kept: string | undefined,
  counts: DeliveryCounts,
  report: Report,
): Promise<ExitCode> {
  await report.record({ restored: counts, ...(kept !== undefined && { kept }) });
  await report.say(`${label}: ${inWords(counts)}.`);
  if (kept !== undefined)
    await report.say(`What was there is kept as ${printable(kept)}. Delete it when you no longer need it.`);
  return exitCode.ok;
}
