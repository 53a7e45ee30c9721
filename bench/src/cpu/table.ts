import { micros, ratioCells, size, table, targetCells } from '../table.ts';
import type { CpuRow } from './compare.ts';

/** Processor time in one process, ratios first. */
export function cpuTable(rows: readonly CpuRow[]): string {
  return table(
    ['×', 'lowest–highest', 'must', 'aim', 'CPU µs', 'base CPU µs', 'body', 'what', 'ours / base'],
    rows.map((row) => [
      ...ratioCells(row.ratio),
      ...targetCells(row.ratio, row.target),
      ...[micros(row.cpuUs), micros(row.baseCpuUs), size(row.bytes)],
      ...[row.what, `${row.ours} / ${row.base}`],
    ]),
  );
}
