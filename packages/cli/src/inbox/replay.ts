import type { Command } from '@commander-js/extra-typings';
import type { Shell } from '../shell.ts';
import { type Change, change } from './change.ts';
import { storeArgument, withFilter } from './options.ts';

/** Adds `inbox replay`. */
export function addReplay(inbox: Command, shell: Shell): void {
  withFilter(inbox.command('replay'), ['waiting', 'handled', 'dead'])
    .usage('[options] [store] [id...]')
    .summary('have deliveries handled again')
    .description(
      'Have deliveries handled again, with their attempts counted from 1: some by their ids, or the dead ones that a filter ' +
        'names. Your running app handles them; this command does not. What is being worked on is left alone.',
    )
    .argument(...storeArgument)
    .argument('[ids...]', 'ids of deliveries, as list shows them')
    .option('--all', 'all dead ones')
    .option('--dry-run', 'only list what would be replayed')
    .option('-y, --yes', 'do not ask before what was handled is handled once more')
    .addHelpText(
      'after',
      `
Correct the cause first, and deploy. The stored bytes are parsed anew. With --state another state than dead is meant.

Examples:
  $ hookproof inbox replay webhooks.db 42 43
  $ hookproof inbox replay webhooks.db --error handler_failed --since 24h
  $ hookproof inbox replay webhooks.db --all
  $ hookproof inbox replay webhooks.db --state handled --type grant.revoked --dry-run`,
    )
    .action((store, ids, options) =>
      shell.perform(options, (report) => change(replay, [store, ...ids], options, report)),
    );
}

const replay: Change = {
  verb: 'Replay',
  done: 'replayed',
  asks: (state) => state === 'handled',
  apply: (inbox, which) => inbox.replay(which),
  after: 'An app with their receiver takes them up.',
};
