import { type Command, Option } from '@commander-js/extra-typings';
import type { DeliveryFilter, DeliverySelection } from '@hookproof/core';
import { jsonOption } from '../shell.ts';
import { when } from './when.ts';

/** Where a delivery may stand. */
export const states = ['waiting', 'working', 'handled', 'dead'] as const;
const where = 'Where the inbox is:';

/** What every command of `inbox` can be told. */
export function withPlaces(command: Command) {
  return command
    .option(...jsonOption)
    .addOption(new Option('--schema <name>', 'PostgreSQL: schema of the inbox (hookproof)').helpGroup(where))
    .addOption(new Option('--prefix <text>', 'Redis: what keys begin with (hookproof)').helpGroup(where));
}

/** The same, and which deliveries are meant. */
export function withFilter(command: Command, among: readonly (typeof states)[number][] = states) {
  return withPlaces(command)
    .addOption(new Option('--state <state>', 'where they stand').choices(among))
    .option('--name <receiver>', 'for this receiver')
    .option('--owner <owner>', 'whose event it is, where the app names owners')
    .option('--type <type>', 'of this event type')
    .option('--error <code>', 'whose last attempt failed with this code, such as handler_failed')
    .option('--since <when>', 'received then or later: ISO 8601, or how long ago, such as 24h', when)
    .option('--before <when>', 'received before that: ISO 8601, or how long ago, such as 7d', when);
}

/** The options that make a filter. */
export interface FilterOptions extends Pick<DeliveryFilter, 'state' | 'name' | 'owner' | 'type' | 'error'> {
  readonly since?: Date | undefined;
  readonly before?: Date | undefined;
}

/** The filter that the options make; undefined where they name none. */
export function filterOf({
  state,
  name,
  owner,
  type,
  error,
  since,
  before,
}: FilterOptions): DeliverySelection | undefined {
  const filter = {
    ...(state !== undefined && { state }),
    ...(name !== undefined && { name }),
    ...(owner !== undefined && { owner }),
    ...(type !== undefined && { type }),
    ...(error !== undefined && { error }),
    ...(since !== undefined && { receivedFrom: since }),
    ...(before !== undefined && { receivedBefore: before }),
  };
  return Object.keys(filter).length === 0 ? undefined : filter;
}

/** The first argument of every command. */
export const storeArgument = [
  '[store]',
  'path of a SQLite file, postgres://… or redis://…; or HOOKPROOF_INBOX',
] as const;
