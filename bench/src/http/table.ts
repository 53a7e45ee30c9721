import { ratioCells, size, table, targetCells } from '../table.ts';
import type { HttpRow } from './index.ts';

/** Requests over HTTP, ratios first. */
export function httpTable(rows: readonly HttpRow[]): string {
  return table(
    [
      '×',
      'lowest–highest',
      'must',
      'aim',
      'req/s ×',
      'lowest–highest',
      'req/CPU s',
      'base req/CPU s',
      'req/s',
      'base req/s',
      'body',
      'on',
      'ours / base',
    ],
    rows.map((row) => [
      ...ratioCells(row.ratio),
      ...targetCells(row.ratio, row.target),
      ...ratioCells(row.rateRatio),
      ...[(1_000_000 / row.cpuUs).toFixed(0), (1_000_000 / row.baseCpuUs).toFixed(0)],
      ...[row.requestsPerSecond.toFixed(0), row.baseRequestsPerSecond.toFixed(0), size(row.bytes)],
      ...[row.framework, `${row.contender} / ${row.base}`],
    ]),
  );
}
