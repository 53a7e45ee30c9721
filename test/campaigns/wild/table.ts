import { inColumns } from '../columns.ts';
import type { Result } from './run.ts';

/** The results as a table, with every failure below it. */
export function tableOf(results: readonly Result[]): string {
  const rows = [
    ['around the receiver', 'versions', 'deliveries', 'passed', 'seconds'],
    ...results.map(({ row, versions, checks, passed, seconds }) => [
      row.around,
      versions,
      String(checks),
      String(passed),
      seconds.toFixed(1),
    ]),
  ];
  return [...inColumns(rows), ...results.flatMap(failureLines)].join('\n');
}

function failureLines({ row, versions, failures, complaints }: Result): string[] {
  if (failures.length === 0) return [];
  const errors =
    complaints === '' ? [] : [`\n${row.around} wrote to standard error:\n${complaints.slice(-maxComplaints)}`];
  return [...failures.map((failure) => `\nFAILED: ${row.around} (${versions}), ${failure}`), ...errors];
}

/** Characters of what an app wrote to standard error that are shown: the last ones. */
const maxComplaints = 2_000;
