import type { HttpRow } from './http/index.ts';
import type { InProcessRow } from './in-process/index.ts';
import type { Disk } from './inbox/disk.ts';
import type { GrowthRow } from './inbox/growing.ts';
import type { TimingRow } from './inbox/timing.ts';
import type { Machine } from './machine.ts';
import type { Ratio } from './rounds.ts';

/** The machine, one line. */
export function machineLine({ node, platform, cpus, cpu, loadBefore, versions }: Machine): string {
  const packages = Object.entries(versions).map(([name, version]) => `${name} ${version}`);
  return `Node ${node} on ${platform}, ${cpus} × ${cpu}, load before ${loadBefore.toFixed(2)}; ${packages.join(', ')}`;
}

/** Processor time in one process, ratios first. */
export function inProcessTable(rows: readonly InProcessRow[]): string {
  return table(
    ['CPU ×', 'lowest–highest', 'CPU µs', 'base CPU µs', 'body', 'what', 'contender / base'],
    rows.map((row) => [
      ...ratioCells(row.ratio),
      micros(row.cpuUs),
      micros(row.baseCpuUs),
      size(row.bytes),
      row.subject,
      `${row.contender} / ${row.base}`,
    ]),
  );
}

/** Requests over HTTP, ratios first. */
export function httpTable(rows: readonly HttpRow[]): string {
  return table(
    [
      'req/s ×',
      'lowest–highest',
      'CPU ×',
      'lowest–highest',
      'req/s',
      'base req/s',
      'CPU µs',
      'base CPU µs',
      'on',
      'contender / base',
    ],
    rows.map((row) => [
      ...ratioCells(row.ratio),
      ...ratioCells(row.cpuRatio),
      row.requestsPerSecond.toFixed(0),
      row.baseRequestsPerSecond.toFixed(0),
      micros(row.cpuUs),
      micros(row.baseCpuUs),
      row.framework,
      `${row.contender} / ${row.base}`,
    ]),
  );
}

/** Where files were, one line. */
export function diskLine({ folder, fileSystem, syncUs }: Disk): string {
  return `On ${fileSystem} at ${folder}, where 4 KiB are written and synced in ${micros(syncUs)} µs`;
}

/** Calls with their times, ratios first. */
export function timingTable(rows: readonly TimingRow[]): string {
  return table(
    [
      '/s ×',
      'lowest–highest',
      '/s',
      'base /s',
      'p50 µs',
      'p99 µs',
      'base p50 µs',
      'base p99 µs',
      'CPU µs',
      'base CPU µs',
      'on',
      'contender / base',
    ],
    rows.map(({ figures, baseFigures, ...row }) => [
      ...ratioCells(row.ratio),
      ...[figures.perSecond.toFixed(0), baseFigures.perSecond.toFixed(0)],
      ...[micros(figures.p50Us), micros(figures.p99Us), micros(baseFigures.p50Us), micros(baseFigures.p99Us)],
      ...[micros(figures.cpuUs), micros(baseFigures.cpuUs)],
      row.on,
      `${row.contender} / ${row.base}`,
    ]),
  );
}

/** What a store costs the more it holds, ratios first. */
export function growthTable(rows: readonly GrowthRow[]): string {
  return table(
    [
      'accept ×',
      'lowest–highest',
      'accept µs',
      'empty µs',
      'p99 µs',
      'empty p99 µs',
      'work µs',
      'empty work µs',
      'recover ms',
      'counts() ms',
      'of a name ms',
      'list() ms',
      'RSS MiB',
      'file MiB',
      'stored',
      'deliveries',
    ],
    rows.map((row) => [
      ...ratioCells(row.ratio),
      ...[micros(row.acceptUs), micros(row.emptyAcceptUs), micros(row.p99Us), micros(row.emptyP99Us)],
      ...[micros(row.workUs), micros(row.emptyWorkUs)],
      ...[row.recoverMs.toFixed(1), row.countsMs.toFixed(1), row.countsOfNameMs.toFixed(1), row.listMs.toFixed(1)],
      ...[mebibytes(row.rssBytes), mebibytes(row.fileBytes)],
      row.stored.toLocaleString('en'),
      row.kind === 'random' ? 'waiting, random keys' : 'handled, sorted keys',
    ]),
  );
}

/** Rows as a Markdown table. The last two columns are text, the others figures. */
function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const columns = head.map((title, column) => {
    const width = Math.max(title.length, ...rows.map((row) => row[column]?.length ?? 0));
    return { width, isText: column >= head.length - 2 };
  });
  const line = (cells: readonly string[]) => {
    const padded = columns.map(({ width, isText }, column) =>
      isText ? cells[column]?.padEnd(width) : cells[column]?.padStart(width),
    );
    return `| ${padded.join(' | ')} |`;
  };
  const rule = columns.map(({ width, isText }) => (isText ? '-'.repeat(width) : `${'-'.repeat(width - 1)}:`));
  return [line(head), line(rule), ...rows.map(line)].join('\n');
}

function ratioCells({ median, lowest, highest }: Ratio): [string, string] {
  return [median.toFixed(2), `${lowest.toFixed(2)}–${highest.toFixed(2)}`];
}

function micros(value: number): string {
  return value < 100 ? value.toFixed(1) : value.toFixed(0);
}

function mebibytes(bytes: number): string {
  return (bytes / 1024 / 1024).toFixed(1);
}

function size(bytes: number): string {
  return bytes < 1024 ? `${bytes} B` : `${Math.round(bytes / 1024)} KiB`;
}
