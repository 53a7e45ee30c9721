import type { Command } from '@commander-js/extra-typings';
import { addGrantex } from '../endpoints/grantex.ts';
import { addGrantiva } from '../endpoints/grantiva.ts';
import { addMissing } from '../endpoints/missing.ts';
import type { Shell } from '../shell.ts';

/** Adds `endpoints`, with the actions that each provider's API has. Gravv has none: its dashboard does it. */
export function addEndpoints(program: Command, shell: Shell): void {
  const endpoints = program
    .command('endpoints')
    .summary('manage where a provider sends to')
    .description("Manage webhook endpoints through the provider's API. Those of Gravv are managed in its dashboard.");
  addGrantiva(endpoints, shell);
  addGrantex(endpoints, shell);
  addMissing(endpoints, 'gravv', "Gravv's API does not manage endpoints.", 'Its dashboard does, and has the secret.');
}
