import type { Verdict } from './targets.ts';

/** What one part of the benchmark has found. */
export interface Report {
  /** What is printed: a heading that says which way the ratios go, and the table. */
  readonly text: string;
  /** What `--json` writes. */
  readonly figures: unknown;
  /** How its rows stand, where they have a target. */
  readonly verdicts: readonly Verdict[];
}

/** How many rows meet their targets, in one sentence. */
export function standing(verdicts: readonly Verdict[]): string {
  const met = verdicts.filter(({ must }) => must).length;
  const aims = verdicts.flatMap(({ aim }) => (aim === undefined ? [] : [aim]));
  const reached = aims.filter((aim) => aim).length;
  return `Targets: ${met} of ${verdicts.length} rows meet what they must, ${reached} of ${aims.length} what they aim at.`;
}
