import type { Command } from '@commander-js/extra-typings';
import type { DeliverySummary, Inbox } from '@hookproof/core';
import { checkTerminal } from '../confirm.ts';
import { type ExitCode, exitCode } from '../exit-code.ts';
import type { Shell } from '../shell.ts';
import type { Report } from '../terminal.ts';
import { agreed, type ChangeOptions, numbered, pretend } from './change.ts';
import { withInbox } from './open.ts';
import { storeArgument, withPlaces } from './options.ts';
import { localTime, when } from './when.ts';

/** Adds `inbox prune`. */
export function addPrune(inbox: Command, shell: Shell): void {
  withPlaces(inbox.command('prune'))
    .summary('delete what was handled long ago')
    .description(
      'Delete deliveries that were handled long ago. It asks first. An app that works does so by itself, once an hour.',
    )
    .argument(...storeArgument)
    .option('--older-than <when>', 'handled before that: ISO 8601, or how long ago (30d)', when)
    .option('--dry-run', 'only list what would be deleted')
    .option('-y, --yes', 'do not ask; needed where there is no terminal')
    .addHelpText(
      'after',
      `
What is gone cannot be replayed. Its event stays known as a duplicate until it was handled 365 days ago.

Examples:
  $ hookproof inbox prune webhooks.db
  $ hookproof inbox prune webhooks.db --older-than 7d --dry-run
  $ hookproof inbox prune webhooks.db --older-than 7d --yes`,
    )
    .action((store, options) =>
      shell.perform(options, (report) =>
        withInbox(store, options, options.dryRun === true ? 'look' : 'change', report, (inbox) =>
          prune(inbox, options.olderThan ?? when('30d'), options, report),
        ),
      ),
    );
}

async function prune(inbox: Inbox, handledBefore: Date, options: ChangeOptions, report: Report): Promise<ExitCode> {
  const meant = handled(inbox, handledBefore);
  if (options.dryRun === true) return pretend({ verb: 'Delete' }, meant, report);
  if (options.yes !== true) {
    checkTerminal(report);
    let count = 0;
    for await (const _ of meant) count += 1;
    const question =
      `Delete ${numbered(count, 'handled ')}, from before ${localTime(handledBefore)}? ` +
      'They cannot be replayed then.';
    if (count > 0 && !(await agreed(question, options, report))) return exitCode.no;
  }
  const pruned = await inbox.prune({ handledBefore });
  await report.record({ pruned, handledBefore });
  await report.say(`${numbered(pruned)} deleted that had been handled before ${localTime(handledBefore)}.`);
  return exitCode.ok;
}

async function* handled(inbox: Inbox, before: Date): AsyncGenerator<DeliverySummary> {
  for await (const delivery of inbox.list({ state: 'handled' })) {
    if (delivery.finishedAt !== undefined && delivery.finishedAt < before) yield delivery;
  }
}
