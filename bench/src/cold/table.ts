import { ratioCells, table } from '../table.ts';
import type { ColdResult } from './index.ts';

export function coldTable({ ratio, ours, base }: ColdResult): string {
  const milliseconds = [ours.cpuMs, base.cpuMs, ours.tookMs, base.tookMs].map((ms) => ms.toFixed(1));
  return table(
    ['×', 'lowest–highest', 'CPU ms', 'base CPU ms', 'ms', 'base ms', 'what', 'ours / base'],
    [[...ratioCells(ratio), ...milliseconds, 'grantex v2', 'hookproof / hand-written']],
  );
}
