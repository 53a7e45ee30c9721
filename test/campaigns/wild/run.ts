import { join } from 'node:path';
import { type Listening, runToEnd, start } from '../runtimes/process.ts';
import { failureOf } from '../runtimes/results.ts';
import { Deliveries } from './deliveries.ts';
import { versionIn } from './prepare.ts';
import type { Check, Row, ServedRow } from './row.ts';
import { newDelivery, secrets, send } from './wire.ts';

/** What came of a row. */
export interface Result {
  readonly row: Row;
  readonly versions: string;
  /** How many checks there were, and how many of them passed. */
  readonly checks: number;
  readonly passed: number;
  readonly failures: readonly string[];
  /** What the app wrote to standard error. */
  readonly complaints: string;
  readonly seconds: number;
}

type Found = Pick<Result, 'checks' | 'failures' | 'complaints'>;

/** Prepares a row and tries it. It never throws: what cannot be started has failed. */
export async function runRow(row: Row, situations: string): Promise<Result> {
  const began = performance.now();
  const folder = join(situations, row.situation);
  const found = await tryRow(row, folder, began + (row.seconds ?? 60) * 1000).catch(notStarted);
  return {
    ...found,
    row,
    versions: row.versions.map((name) => `${name} ${versionIn(folder, name)}`).join(', '),
    passed: found.checks - found.failures.length,
    seconds: (performance.now() - began) / 1000,
  };
}

async function tryRow(row: Row, folder: string, deadline: number): Promise<Found> {
  const env = environmentOf(row, folder);
  const left = () => Math.max(1, deadline - performance.now());
  for (const command of row.prepare ?? []) await runToEnd(command, folder, env, left());
  if ('run' in row) {
    await runToEnd(row.run, folder, env, left());
    return { checks: 1, failures: [], complaints: '' };
  }
  const app = await start(row.start, folder, env, left());
  try {
    return await checkApp(row, app, left);
  } finally {
    await app.end();
  }
}

/** Makes all checks of a running app, and ends it. */
async function checkApp(row: ServedRow, app: Listening, left: () => number): Promise<Found> {
  const deliveries = new Deliveries(app.origin);
  const atEnd: Check = [
    'every genuine event reached its handler once, and nothing else did',
    async () => {
      await app.end();
      deliveries.checkHandled(app.output());
    },
  ];
  const checks = [...deliveries.checks(row.receivers), ...(row.checks?.(app, { newDelivery, send }) ?? []), atEnd];
  const failures: string[] = [];
  for (const [title, run] of checks) {
    const error = await failureOf(run, Math.min(left(), checkMs));
    if (error !== undefined) failures.push(`${title}\n${withoutStack(error)}`);
  }
  return { checks: checks.length, failures, complaints: app.complaints() };
}

/** Milliseconds in which a check must end. */
const checkMs = 15_000;

/** Every check has the same. */
function withoutStack(error: string): string {
  return error.replace(/\n {4}at .*/g, '');
}

function notStarted(error: unknown): Found {
  return { checks: 1, failures: [error instanceof Error ? error.message : String(error)], complaints: '' };
}

function environmentOf({ env }: Row, folder: string): Record<string, string> {
  const path = `${join(folder, 'node_modules', '.bin')}:${process.env['PATH'] ?? ''}`;
  return { PATH: path, ...secrets, ...env };
}
