import type { Command } from '@commander-js/extra-typings';
import { usage } from '../failure.ts';

/** Adds a command for what there is not, which says what there is instead. Help does not show it. */
export function addMissing(parent: Command, name: string, problem: string, fix: string): void {
  parent
    .command(name, { hidden: true })
    .description(`${problem} ${fix}`)
    .argument('[words...]')
    .allowUnknownOption()
    .action(() => {
      throw usage(problem, fix);
    });
}
