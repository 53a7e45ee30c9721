import { type Command, InvalidArgumentError } from '@commander-js/extra-typings';
import { exitCode } from '../exit-code.ts';
import type { Shell } from '../shell.ts';
import { withInbox } from './open.ts';
import { filterOf, storeArgument, withFilter } from './options.ts';
import { showRows } from './rows.ts';

const limitForReaders = 50;

/** Adds `inbox list`. */
export function addList(inbox: Command, shell: Shell): void {
  withFilter(inbox.command('list'))
    .summary('list deliveries, and why they failed')
    .description(
      'List deliveries in the order in which they came, with where they stand and why the last attempt failed.',
    )
    .argument(...storeArgument)
    .option('--limit <n>', `how many at most; all with 0 (${limitForReaders}, and all with --json)`, limit)
    .addHelpText(
      'after',
      `
An id is what show, replay and discard take. Times are those of your clock; with --json they are UTC. Error codes are
your handlers' handler_failed and handler_timeout, and what Hookproof found: invalid_event, no_handler, worker_lost …

Examples:
  $ hookproof inbox list webhooks.db --state dead              what could not be handled
  $ hookproof inbox list webhooks.db --state dead --error handler_timeout --since 24h
  $ hookproof inbox list webhooks.db --state waiting --limit 1 what has waited for the longest
  $ HOOKPROOF_INBOX=postgres://… hookproof inbox list --json --state dead | jq -r .type | sort | uniq -c`,
    )
    .action((store, options) =>
      shell.perform(options, (report) =>
        withInbox(store, options, 'look', report, async (inbox) => {
          const most = options.limit ?? (report.json ? Number.POSITIVE_INFINITY : limitForReaders);
          const { shown, found } = await showRows(inbox.list(filterOf(options)), most, report);
          if (report.json) return exitCode.ok;
          if (found === 0) await report.note('No deliveries.');
          if (found > shown) await report.note(`… and more: --limit 0 lists all, --since and --before a part.`);
          return exitCode.ok;
        }),
      ),
    );
}

function limit(text: string): number {
  if (text === 'all' || /^0+$/.test(text)) return Number.POSITIVE_INFINITY;
  if (/^\d{1,15}$/.test(text)) return Number(text);
  throw new InvalidArgumentError('Give a whole number, or 0 for all.');
}
