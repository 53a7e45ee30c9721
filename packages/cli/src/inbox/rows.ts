import type { DeliverySummary } from '@hookproof/core';
import { tableOf } from '../table.ts';
import { type Colours, printable, type Report } from '../terminal.ts';
import { localTime } from './when.ts';

/** Rows of one table: the widths of its columns are known only when all of them are there. */
const rowsPerTable = 200;

/** An event type may be as long as a body. */
const longestType = 60;

/** How a part of a list was shown. */
export interface Shown {
  /** How many of the deliveries were shown. */
  readonly shown: number;
  /** How many there were; where `count` was not asked for, of more than were shown only one is known. */
  readonly found: number;
}

/**
 * Prints deliveries as they come, as many as `limit` says.
 *
 * @param count whether to go through the rest as well, to know how many there are
 */
export async function showRows(
  deliveries: AsyncIterable<DeliverySummary>,
  limit: number,
  report: Report,
  count = false,
): Promise<Shown> {
  const rows: DeliverySummary[] = [];
  let found = 0;
  for await (const delivery of deliveries) {
    if (report.terminal.signal.aborted) break;
    found += 1;
    if (found > limit && count) continue;
    if (found > limit) break;
    if (report.json) await report.record(delivery);
    else rows.push(delivery);
    if (rows.length === rowsPerTable) await showTable(rows.splice(0), report);
  }
  if (rows.length > 0) await showTable(rows, report);
  return { shown: Math.min(found, limit), found };
}

const head = ['ID', 'RECEIVER', 'STATE', 'TYPE', 'ATTEMPTS', 'RECEIVED', 'DUE/FINISHED', 'ERROR'];

async function showTable(rows: readonly DeliverySummary[], report: Report): Promise<void> {
  const { colours, terminal } = report;
  const { isTTY, columns } = terminal.stdout;
  const cells = rows.map(({ id, name, state, type = '', attempts, receivedAt, dueAt, finishedAt, error }) => [
    printable(id),
    printable(name),
    stateIn(colours, state),
    cut(printable(type)),
    String(attempts),
    localTime(receivedAt),
    localTime(dueAt ?? finishedAt),
    error === undefined ? '' : printable(`${error.code}: ${error.message}`),
  ]);
  for (const line of tableOf(head.map(colours.bold), cells, isTTY === true ? columns : undefined))
    await report.say(line);
}

/** A state in its colour. */
export function stateIn(colours: Colours, state: DeliverySummary['state']): string {
  const colour = { waiting: colours.yellow, working: colours.cyan, handled: colours.green, dead: colours.red };
  return colour[state](state);
}

function cut(text: string): string {
  return text.length <= longestType ? text : `${text.slice(0, longestType - 1)}…`;
}
