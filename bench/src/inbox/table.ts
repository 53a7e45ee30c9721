import { mebibytes, micros, ratioCells, table, targetCells } from '../table.ts';
import type { Disk } from './disk.ts';
import type { GrowthRow } from './growing.ts';
import type { TimingRow } from './timing.ts';

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
      'must',
      '/s',
      'base /s',
      'p50 µs',
      'p99 µs',
      'base p50 µs',
      'base p99 µs',
      'CPU µs',
      'base CPU µs',
      'on',
      'ours / base',
    ],
    rows.map(({ figures, baseFigures, ...row }) => [
      ...ratioCells(row.ratio),
      targetCells(row.ratio, row.target)[0],
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
      'must',
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
      targetCells(row.ratio, row.target)[0],
      ...[micros(row.acceptUs), micros(row.emptyAcceptUs), micros(row.p99Us), micros(row.emptyP99Us)],
      ...[micros(row.workUs), micros(row.emptyWorkUs)],
      ...[row.recoverMs.toFixed(1), row.countsMs.toFixed(1), row.countsOfNameMs.toFixed(1), row.listMs.toFixed(1)],
      ...[mebibytes(row.rssBytes), mebibytes(row.fileBytes)],
      row.stored.toLocaleString('en'),
      row.kind === 'random' ? 'waiting, random keys' : 'handled, sorted keys',
    ]),
  );
}
