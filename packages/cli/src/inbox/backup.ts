import { existsSync, realpathSync } from 'node:fs';
import { open, rename, rm, stat } from 'node:fs/promises';
import type { Command } from '@commander-js/extra-typings';
import { type ExitCode, exitCode } from '../exit-code.ts';
import { Failure, usage } from '../failure.ts';
import { jsonOption, type Shell } from '../shell.ts';
import { printable, type Report } from '../terminal.ts';
import { copyInbox, inWords, nameToDisk, placesIn } from './copy.ts';
import { troubleWith } from './trouble.ts';

/** Adds `inbox backup`. */
export function addBackup(inbox: Command, shell: Shell): void {
  inbox
    .command('backup')
    .summary('copy the inbox in a SQLite file while the app runs')
    .description(
      'Copy the inbox in a SQLite file, with all that is in that file, as it is at one moment. The app may run meanwhile. ' +
        'The copy is checked, nobody but you can read it, and it has its name only when it is whole.',
    )
    .argument('[words...]', 'the store, or HOOKPROOF_INBOX, and the file to make')
    .option(...jsonOption)
    .option('--force', 'replace the file where it is there')
    .addHelpText(
      'after',
      `
Examples:
  $ hookproof inbox backup webhooks.db backups/webhooks-$(date +%F).db
  $ HOOKPROOF_INBOX=webhooks.db hookproof inbox backup latest.db --force`,
    )
    .action((words, options) => shell.perform(options, (report) => backup(words, options.force === true, report)));
}

async function backup(words: readonly string[], force: boolean, report: Report): Promise<ExitCode> {
  const { store, file } = await placesIn(words, 'the file to make', report);
  try {
    if (existsSync(file)) checkReplaced(file, store.location, force);
    const { copy, counts } = await copyInbox(store.location, file);
    try {
      // Its name is taken first, so that what somebody makes in this moment is not replaced.
      if (!force) await (await open(file, 'wx', 0o600)).close();
      await rename(copy, file);
    } catch (error) {
      await rm(copy, { force: true });
      throw error;
    }
    await nameToDisk(file);
    const { size } = await stat(file);
    await report.record({ file, bytes: size, ...counts });
    await report.say(`${printable(file)}: ${inWords(counts)}; ${size.toLocaleString('en')} bytes, checked.`);
    return exitCode.ok;
  } catch (error) {
    if (Reflect.get(Object(error), 'code') === 'EEXIST') throw isThere(file);
    throw troubleWith(store, error);
  }
}

function checkReplaced(file: string, source: string, force: boolean): void {
  if (existsSync(source) && realpathSync(file) === realpathSync(source)) {
    throw usage(`${printable(file)} is the inbox itself.`, 'Give the backup another name.');
  }
  if (!force) throw isThere(file);
  if (existsSync(`${file}-wal`)) {
    throw new Failure(
      exitCode.failed,
      'in_use',
      `${printable(file)} is a database in use: ${printable(file)}-wal is there.`,
      {
        fix: 'Give the backup another name. To put one back: hookproof inbox restore.',
      },
    );
  }
}

function isThere(file: string): Failure {
  return new Failure(exitCode.failed, 'file_exists', `${printable(file)} is there already; it was left as it is.`, {
    fix: 'Give another name, or --force to replace it.',
  });
}
