import { inColumns } from '../columns.ts';
import { exceptions } from './exceptions.ts';
import type { Result } from './results.ts';

/** The results as a table, with every exception and every failure below it. */
export function tableOf(results: readonly Result[]): string {
  const rows = [
    ['runtime', 'version', 'subject', 'tests', 'passed', 'exceptions', 'failed', 'seconds'],
    ...results.map(({ runtime, version, subject, tests, passed, excepted, failures, seconds }) => [
      runtime,
      version,
      subject,
      ...[tests, passed, excepted.length, failures.length].map(String),
      seconds.toFixed(1),
    ]),
  ];
  return [...inColumns(rows), ...exceptionLines(results), ...results.flatMap(failureLines)].join('\n');
}

function exceptionLines(results: readonly Result[]): string[] {
  return exceptions.flatMap((exception) => {
    const met = results.filter(({ excepted }) => excepted.includes(exception)).map(({ runtime }) => runtime);
    if (met.length === 0) return [];
    return [`\nexception: ${exception.subject} on ${met.join(', ')}: ${exception.test}\n  ${exception.reason}`];
  });
}

function failureLines({ runtime, failures, complaints }: Result): string[] {
  if (failures.length === 0) return [];
  const errors = complaints === '' ? [] : [`\n${runtime} wrote to standard error:\n${complaints}`];
  return [...failures.map((failure) => `\nFAILED: ${runtime}, ${failure}`), ...errors];
}
