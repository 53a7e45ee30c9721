import type { Command } from '@commander-js/extra-typings';
import type { Shell } from '../shell.ts';
import { type Change, change } from './change.ts';
import { storeArgument, withFilter } from './options.ts';

/** Adds `inbox discard`. */
export function addDiscard(inbox: Command, shell: Shell): void {
  withFilter(inbox.command('discard'), ['waiting', 'handled', 'dead'])
    .usage('[options] [store] [id...]')
    .summary('delete deliveries for good')
    .description(
      'Delete deliveries for good: some by their ids, or the dead ones that a filter names. It asks first. What is being ' +
        'worked on is left alone.',
    )
    .argument(...storeArgument)
    .argument('[ids...]', 'ids of deliveries, as list shows them')
    .option('--all', 'all dead ones')
    .option('--dry-run', 'only list what would be discarded')
    .option('-y, --yes', 'do not ask; needed where there is no terminal')
    .addHelpText(
      'after',
      `
The key goes with the delivery: the same event, if it is sent again, is handled. With --state another state than dead is
meant.

Examples:
  $ hookproof inbox discard webhooks.db 42
  $ hookproof inbox discard webhooks.db --type webhook.test --before 30d --dry-run
  $ hookproof inbox discard webhooks.db --type webhook.test --before 30d --yes`,
    )
    .action((store, ids, options) =>
      shell.perform(options, (report) => change(discard, [store, ...ids], options, report)),
    );
}

const discard: Change = {
  verb: 'Discard',
  done: 'discarded',
  asks: () => true,
  apply: (inbox, which) => inbox.discard(which),
};
