import type { Command } from '@commander-js/extra-typings';
import { exitCode } from '../exit-code.ts';
import type { Shell } from '../shell.ts';
import { withInbox } from './open.ts';
import { storeArgument, withPlaces } from './options.ts';
import { stateIn } from './rows.ts';

/** Adds `inbox counts`. */
export function addCounts(inbox: Command, shell: Shell): void {
  withPlaces(inbox.command('counts'))
    .summary('count deliveries by where they stand')
    .description('Count the deliveries that wait, are worked on, were handled, and are dead.')
    .argument(...storeArgument)
    .option('--name <receiver>', 'for this receiver')
    .option('--fail-if-dead', 'exit with 1 where there is a dead one, for monitoring')
    .addHelpText(
      'after',
      `
Examples:
  $ hookproof inbox counts webhooks.db
  $ HOOKPROOF_INBOX=postgres://… hookproof inbox counts --json
  $ hookproof inbox counts webhooks.db --fail-if-dead || notify "dead letters"`,
    )
    .action((store, options) =>
      shell.perform(options, (report) =>
        withInbox(store, options, 'look', report, async (inbox) => {
          const counts = await inbox.counts(options.name);
          await report.record(counts);
          for (const state of ['waiting', 'working', 'handled', 'dead'] as const) {
            const count = counts[state].toLocaleString('en');
            await report.say(`${stateIn(report.colours, state)}${' '.repeat(10 - state.length)}${count}`);
          }
          return options.failIfDead === true && counts.dead > 0 ? exitCode.no : exitCode.ok;
        }),
      ),
    );
}
