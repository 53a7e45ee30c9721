import { micros as milliseconds, ratioCells, table, targetCells } from '../../table.ts';
import type { BacklogRow, Waits } from './row.ts';

/** What is worked off, ratios first. */
export function backlogTable(rows: readonly BacklogRow[]): string {
  return table(
    [
      '×',
      'lowest–highest',
      'must',
      '/s',
      'base /s',
      'wait p50 ms',
      'p99 ms',
      'base p50 ms',
      'base p99 ms',
      'waiting',
      'processes',
      'on',
      'what',
      'ours / base',
    ],
    rows.map((row) => [
      ...ratioCells(row.ratio),
      targetCells(row.ratio, row.target)[0],
      ...[row.perSecond?.toFixed(0) ?? '', row.basePerSecond?.toFixed(0) ?? ''],
      ...[...waitCells(row.waitsMs), ...waitCells(row.baseWaitsMs)],
      ...[row.waiting.toLocaleString('en'), String(row.processes)],
      ...[row.store, row.what, `hookproof / ${row.base}`],
    ]),
    3,
  );
}

function waitCells(waits: Waits | undefined): readonly [string, string] {
  return waits === undefined || Number.isNaN(waits.p50) ? ['', ''] : [milliseconds(waits.p50), milliseconds(waits.p99)];
}
