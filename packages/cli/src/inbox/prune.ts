import type { Command } from '@commander-js/extra-typings';
import { exitCode } from '../exit-code.ts';
import type { Shell } from '../shell.ts';
import { numbered } from './change.ts';
import { withInbox } from './open.ts';
import { storeArgument, withPlaces } from './options.ts';
import { localTime, when } from './when.ts';

/** Adds `inbox prune`. */
export function addPrune(inbox: Command, shell: Shell): void {
  withPlaces(inbox.command('prune'))
    .summary('delete what was handled long ago')
    .description('Delete deliveries that were handled long ago. An app that works does so by itself, once an hour.')
    .argument(...storeArgument)
    .option('--older-than <when>', 'handled before that: ISO 8601, or how long ago (30d)', when)
    .addHelpText(
      'after',
      `
An event whose delivery is gone is no longer known as a duplicate: keep them for longer than the provider tries again.

Examples:
  $ hookproof inbox prune webhooks.db
  $ hookproof inbox prune webhooks.db --older-than 7d`,
    )
    .action((store, options) =>
      shell.perform(options, (report) =>
        withInbox(store, options, 'change', report, async (inbox) => {
          const handledBefore = options.olderThan ?? when('30d');
          const pruned = await inbox.prune({ handledBefore });
          await report.record({ pruned, handledBefore });
          await report.say(`${numbered(pruned)} deleted that had been handled before ${localTime(handledBefore)}.`);
          return exitCode.ok;
        }),
      ),
    );
}
