import type { SimulatedAttempt, SimulatedDelivery } from '@hookproof/testing/simulator';
import { printable, type Report } from '../terminal.ts';

/** A run in figures. */
export interface Summary {
  readonly deliveries: number;
  readonly delivered: number;
  readonly failed: number;
  /** Those that were stopped by Ctrl-C. */
  readonly aborted: number;
  /** Requests sent, copies and retries included. */
  readonly requests: number;
  /** How many replies had each status, or how many requests had none, by the error. */
  readonly results: readonly (readonly [result: string, count: number])[];
  /** Milliseconds from request to reply; undefined where none came. */
  readonly durationMs: { readonly median: number; readonly p99: number; readonly max: number } | undefined;
}

export function summaryOf(deliveries: readonly SimulatedDelivery[]): Summary {
  const attempts = deliveries.flatMap((delivery) => delivery.attempts);
  const in_ = (state: SimulatedDelivery['state']) => deliveries.filter((delivery) => delivery.state === state).length;
  const results = new Map<string, number>();
  for (const attempt of attempts) results.set(resultOf(attempt), (results.get(resultOf(attempt)) ?? 0) + 1);
  const durations = attempts
    .filter(({ status }) => status !== undefined)
    .map(({ durationMs }) => durationMs)
    .toSorted((a, b) => a - b);
  const quantile = (part: number) => Math.round(durations[Math.ceil(part * durations.length) - 1] ?? 0);
  return {
    deliveries: deliveries.length,
    delivered: in_('delivered'),
    failed: in_('failed'),
    aborted: in_('aborted'),
    requests: attempts.length,
    results: [...results].toSorted(([a], [b]) => a.localeCompare(b)),
    durationMs: durations.length === 0 ? undefined : { median: quantile(0.5), p99: quantile(0.99), max: quantile(1) },
  };
}

/** The status of a reply, or why there is none that counts. */
export function resultOf({ status, error }: SimulatedAttempt): string {
  return [status, error].filter((part) => part !== undefined).join(' ');
}

/** Prints the figures on a line. */
export async function tellSummary(summary: Summary, report: Report): Promise<void> {
  const { deliveries, delivered, failed, aborted, requests, results, durationMs } = summary;
  const { bold, green, red } = report.colours;
  const counts = results.map(([result, count]) => `${count} × ${printable(result)}`);
  const parts = [
    (delivered === deliveries ? green : red)(`${delivered} of ${deliveries} delivered`),
    ...(failed > 0 ? [`${failed} failed`] : []),
    ...(aborted > 0 ? [`${aborted} stopped`] : []),
    `${requests} ${requests === 1 ? 'request' : 'requests'}: ${counts.join(', ') || 'none'}`,
    ...(durationMs === undefined ? [] : [`median ${durationMs.median} ms, p99 ${durationMs.p99} ms`]),
  ];
  await report.say(bold(parts.join('; ')));
  await report.record({ kind: 'summary', ...summary, results: Object.fromEntries(results) });
}
