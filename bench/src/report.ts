import type { Ratio } from './rounds.ts';
import { meets, type Target } from './targets.ts';

/** What one part of the benchmark has found. */
export interface Report {
  /** What is printed: a heading that says which way the ratios go, and the table. */
  readonly text: string;
  /** What `--json` writes. */
  readonly figures: unknown;
  /** Rows that may have a target. */
  readonly rows: readonly { readonly ratio: Ratio; readonly target: Target | undefined }[];
}

/** How many rows meet their targets, in one sentence. */
export function standing(rows: Report['rows']): string {
  const judged = rows.flatMap(({ ratio, target }) => (target === undefined ? [] : [{ ratio: ratio.median, target }]));
  const met = judged.filter(({ ratio, target }) => meets(ratio, target.must)).length;
  const aimed = judged.filter(({ target }) => target.aim !== undefined);
  const reached = aimed.filter(({ ratio, target }) => meets(ratio, target.aim ?? 0)).length;
  return `Targets: ${met} of ${judged.length} rows meet what they must, ${reached} of ${aimed.length} what they aim at.`;
}
