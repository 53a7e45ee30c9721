import type { DeliverySummary } from '@hookproof/core';
import { tableOf } from '../table.ts';
import { type Colours, printable, type Report } from '../terminal.ts';
import { localTime } from './when.ts';

/** Rows of one table: the widths of its columns are known only when all of them are there. */
const rowsPerTable = 200;

/** An event type may be as long as a body, and a column is as wide as its widest cell. */
const longestText = 60;

/** Characters of an id that has room in a row; those of Redis have a line of their own. */
const longestId = 20;

const indent = '  ';

/** Lines of an error in a list, and the characters that each has at least. */
const mostLines = 3;
const leastRoom = 24;

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

/** The columns of a table: owners only where there are any. */
function headOf(rows: readonly DeliverySummary[]): readonly string[] {
  const owner = rows.some(({ owner }) => owner !== undefined) ? ['OWNER'] : [];
  return ['ID', 'STATE', 'TRIES', 'RECEIVED → DUE/FINISHED', 'RECEIVER', ...owner, 'TYPE'];
}

async function showTable(rows: readonly DeliverySummary[], report: Report): Promise<void> {
  const { colours, terminal } = report;
  const { isTTY, columns } = terminal.stdout;
  const width = isTTY === true ? columns : undefined;
  for (const line of width === undefined ? onOneLine(rows, colours) : onTerminal(rows, width, colours)) {
    await report.say(line);
  }
}

function cellsOf(
  { id, name, owner = '', state, type = '', attempts, ...times }: DeliverySummary,
  head: readonly string[],
  colours: Colours,
) {
  const [tries, when] = [String(attempts), timesOf(times.receivedAt, times.dueAt ?? times.finishedAt)];
  const short = (text: string) => cut(printable(text), longestText);
  return [
    ...[printable(id), stateIn(colours, state), tries, when, short(name)],
    ...(head.includes('OWNER') ? [short(owner)] : []),
    short(type),
  ];
}

/** A line for each, for other programs: the error is its end. */
function onOneLine(rows: readonly DeliverySummary[], colours: Colours): readonly string[] {
  const head = headOf(rows);
  const cells = rows.map((row) => [...cellsOf(row, head, colours), errorOf(row)]);
  return tableOf([...head, 'ERROR'].map(colours.bold), cells, undefined);
}

/** The error below its row, where all of it can be read. */
function* onTerminal(rows: readonly DeliverySummary[], width: number, colours: Colours): Generator<string> {
  // An id is there to be copied, and stays whole.
  const apart = rows.some(({ id }) => id.length > longestId);
  const from = apart ? 1 : 0;
  const head = headOf(rows);
  const cells = rows.map((row) => cellsOf(row, head, colours));
  const lines = tableOf(
    head.slice(from).map(colours.bold),
    cells.map((row) => row.slice(from)),
    width - from * indent.length,
  );
  const [top = '', ...others] = lines.map((line) => (apart ? `${indent}${line}` : line));
  if (apart) yield colours.bold('ID');
  yield top;
  for (const [index, line] of others.entries()) {
    const row = rows[index];
    if (row === undefined) continue;
    if (apart) yield printable(row.id);
    yield line;
    for (const part of folded(errorOf(row), width - indent.length)) yield `${indent}${part}`;
  }
}

function errorOf({ error }: DeliverySummary): string {
  return error === undefined ? '' : printable(`${error.code}: ${error.message}`);
}

/** Text as lines of a width, but not more of them than is good to read in a list: `show` has all. */
function folded(text: string, width: number): readonly string[] {
  const room = Math.max(width, leastRoom);
  const lines = text.match(new RegExp(`.{1,${room}}(?: |$)|.{1,${room}}`, 'gu')) ?? [];
  const shown = lines.slice(0, mostLines);
  return shown.map((line, index) =>
    index === mostLines - 1 && lines.length > mostLines ? `${line.slice(0, room - 1)}…` : line.trimEnd(),
  );
}

/** When it came, and when it is due or was finished, to the minute: of the latter what is not the same. */
function timesOf(received: Date, later: Date | undefined): string {
  const [from, to] = [received, later].map((time) => localTime(time).slice(0, 'yyyy-mm-dd hh:mm'.length));
  if (from === undefined || to === undefined || to === '') return from ?? '';
  const [day] = from.split(' ');
  return `${from} → ${to.startsWith(`${day} `) ? to.slice('yyyy-mm-dd '.length) : to}`;
}

/** A state in its colour. */
export function stateIn(colours: Colours, state: DeliverySummary['state']): string {
  const colour = { waiting: colours.yellow, working: colours.cyan, handled: colours.green, dead: colours.red };
  return colour[state](state);
}

function cut(text: string, longest: number): string {
  return text.length <= longest ? text : `${text.slice(0, longest - 1)}…`;
}
