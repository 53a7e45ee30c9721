import type { DeliverySelection, DeliveryState, DeliverySummary, Inbox } from '@hookproof/core';
import { checkTerminal, confirmed } from '../confirm.ts';
import { type ExitCode, exitCode } from '../exit-code.ts';
import { usage } from '../failure.ts';
import type { CommonOptions } from '../shell.ts';
import type { Report } from '../terminal.ts';
import { withInbox } from './open.ts';
import { type FilterOptions, filterOf } from './options.ts';
import { showRows } from './rows.ts';
import { type Places, takenForStore, wordsOf } from './store.ts';
import { noDelivery } from './trouble.ts';

/** What `replay` and `discard` do to deliveries. */
export interface Change {
  readonly verb: string;
  readonly done: 'replayed' | 'discarded';
  /** Whether to ask before it is done to what is in this state. */
  readonly asks: (state: DeliveryState) => boolean;
  readonly apply: (inbox: Inbox, which: string | DeliverySelection) => Promise<number>;
  /** What a reader is to know when it is done. */
  readonly after?: string | undefined;
}

export interface ChangeOptions extends CommonOptions, Places, FilterOptions {
  readonly all?: true | undefined;
  readonly yes?: true | undefined;
  readonly dryRun?: true | undefined;
}

const shownOfDryRun = 50;

/** Changes the deliveries that the command line names, by their ids or by a filter. */
export function change(
  kind: Change,
  words: readonly (string | undefined)[],
  options: ChangeOptions,
  report: Report,
): Promise<ExitCode> {
  const { store, ids } = wordsOf(words);
  const filter = filterOf(options) ?? (options.all === true ? {} : undefined);
  if (ids.length > 0 && filter !== undefined) throw usage('Give either ids, or options that say which are meant.');
  if (options.all === true && filterOf(options) !== undefined)
    throw usage('--all is for all dead ones: give no filter with it.');
  if (ids.length === 0 && filter === undefined) {
    throw usage(
      `Which deliveries?${takenForStore(store)}`,
      'Give ids with spaces between them, or a filter such as --type, or --all for all dead ones.',
    );
  }
  return withInbox(store, options, options.dryRun === true ? 'look' : 'change', report, (inbox) =>
    filter === undefined
      ? changeByIds(kind, inbox, [...new Set(ids)], options, report)
      : changeByFilter(kind, inbox, { ...filter, state: filter.state ?? 'dead' }, options, report),
  );
}

async function changeByIds(kind: Change, inbox: Inbox, ids: readonly string[], options: ChangeOptions, report: Report) {
  const found: DeliverySummary[] = [];
  for (const id of ids) {
    const delivery = await inbox.get(id);
    if (delivery === undefined) continue;
    const { headers, body, ...summary } = delivery;
    found.push(summary);
  }
  const missing = ids.filter((id) => !found.some((one) => one.id === id));
  // Of what was asked for nothing is done: half of it would be hard to take up.
  if (missing.length > 0) throw noDelivery(missing);
  const meant = found.filter(({ state }) => state !== 'working');
  const left = found.length - meant.length;
  if (options.dryRun === true) return pretend(kind, eachOf(meant), report);
  const asks = meant.some(({ state }) => kind.asks(state));
  if (asks && !(await agreed(`${kind.verb} ${inStates(meant)}?`, options, report))) return exitCode.no;
  let done = 0;
  for (const { id, state } of meant) {
    // The app may have taken it up since, and what is handled now was not meant.
    if ((await inbox.get(id))?.state === state) done += await kind.apply(inbox, id);
  }
  await tell(kind, done, report);
  const changed = meant.length - done;
  if (changed > 0)
    await report.note(`${numbered(changed)} went on meanwhile, and ${changed === 1 ? 'was' : 'were'} left alone.`);
  if (left > 0) await report.note(`${left} ${left === 1 ? 'is' : 'are'} being worked on, and left alone.`);
  return done === ids.length ? exitCode.ok : exitCode.no;
}

async function changeByFilter(
  kind: Change,
  inbox: Inbox,
  filter: DeliverySelection & { readonly state: DeliveryState },
  options: ChangeOptions,
  report: Report,
) {
  if (options.dryRun === true) return pretend(kind, inbox.list(filter), report);
  if (kind.asks(filter.state) && options.yes !== true) {
    checkTerminal(report);
    let count = 0;
    for await (const _ of inbox.list(filter)) count += 1;
    const question = `${kind.verb} ${numbered(count, `${filter.state} `)}, and any that join them by then?`;
    if (count > 0 && !(await agreed(question, options, report))) return exitCode.no;
  }
  await tell(kind, await kind.apply(inbox, filter), report);
  return exitCode.ok;
}

/** Lists what would be done. */
export async function pretend(
  { verb }: Pick<Change, 'verb'>,
  deliveries: AsyncIterable<DeliverySummary>,
  report: Report,
) {
  const limit = report.json ? Number.POSITIVE_INFINITY : shownOfDryRun;
  const { shown, found } = await showRows(deliveries, limit, report, true);
  const part = shown < found ? ` (the first ${shown} are shown)` : '';
  await report.say(`Would ${verb.toLowerCase()} ${numbered(found)}${part}.`);
  return exitCode.ok;
}

/** Whether it may be done: `--yes`, or the answer to a question. */
export async function agreed(question: string, { yes }: Pick<ChangeOptions, 'yes'>, report: Report): Promise<boolean> {
  if (yes === true || (await confirmed(question, report))) return true;
  await report.note('Nothing was done.');
  return false;
}

async function tell({ done, after }: Change, count: number, report: Report): Promise<void> {
  await report.record({ [done]: count });
  await report.say(`${numbered(count)} ${done}.${count > 0 && after !== undefined ? ` ${after}` : ''}`);
}

/** How many there are in each state, in words. */
function inStates(deliveries: readonly DeliverySummary[]): string {
  const states = [...new Set(deliveries.map(({ state }) => state))];
  return states
    .map((state) => numbered(deliveries.filter((one) => one.state === state).length, `${state} `))
    .join(' and ');
}

/** A number of deliveries in words. */
export function numbered(count: number, kind = ''): string {
  return `${count.toLocaleString('en')} ${kind}${count === 1 ? 'delivery' : 'deliveries'}`;
}

async function* eachOf<T>(items: readonly T[]): AsyncGenerator<T> {
  yield* items;
}
