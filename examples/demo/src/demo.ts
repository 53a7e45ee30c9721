import type { Outcome, OutcomeReport } from '@hookproof/core';
import { deliver } from './deliver.ts';
import { type DeliveryLog, deliveryLog, type LogOptions } from './log.ts';
import { mounts } from './mounts.ts';
import type { Scene } from './scenes.ts';
import { type DemoServer, starters } from './servers.ts';

/** What became of a part of the demo that has servers of its own. */
export interface Played {
  readonly sent: number;
  readonly asExpected: number;
  /** Of each delivery that was sent. */
  readonly outcomes: readonly Outcome[];
  /** What is not as expected, in words. */
  readonly problems: readonly string[];
}

/** What {@link runDemo} needs. */
export interface DemoOptions extends LogOptions {
  readonly scenes: readonly Scene[];
  /** Parts that come after the scenes. */
  readonly parts?: readonly ((log: DeliveryLog, signal: AbortSignal) => Promise<Played>)[];
  /** Ends the demo after the delivery under way. */
  readonly signal: AbortSignal;
}

/**
 * Starts a server for each framework, delivers every scene to all of them, logs what the receivers report, and closes
 * the servers.
 *
 * @returns `passed` where every reply and every report was the expected one
 */
export async function runDemo({
  scenes,
  parts = [],
  signal,
  ...output
}: DemoOptions): Promise<'passed' | 'failed' | 'interrupted'> {
  const log = deliveryLog(output);
  const started = performance.now();
  const reports: OutcomeReport[] = [];
  const reasons = new Set<string>();
  const counts = new Map<string, number>();
  const servers: DemoServer[] = [];
  const problems: string[] = [];
  let sent = 0;
  let asExpected = 0;

  function count(outcome: string): void {
    counts.set(outcome, (counts.get(outcome) ?? 0) + 1);
  }

  function onOutcome(report: OutcomeReport): void {
    reports.push(report);
    count(report.outcome);
    if (report.error !== undefined) reasons.add(reasonOf(report.error));
    log.delivery(report);
  }

  async function play({ title, steps }: Scene): Promise<void> {
    log.section(title);
    reasons.clear();
    for (const step of steps) {
      for (const server of servers) {
        if (signal.aborted) return;
        const found = await deliver(server, step, reports);
        sent += 1;
        if (found.length === 0) asExpected += 1;
        for (const problem of found) problems.push(`${server.framework} ${step.path}: ${problem}`);
      }
    }
    for (const reason of reasons) log.reason(reason);
  }

  try {
    for (const start of starters) servers.push(await start(mounts(onOutcome)));
    log.columns();
    for (const scene of scenes) if (!signal.aborted) await play(scene);
    for (const part of parts) {
      if (signal.aborted) break;
      const played = await part(log, signal);
      sent += played.sent;
      asExpected += played.asExpected;
      for (const outcome of played.outcomes) count(outcome);
      problems.push(...played.problems);
    }
  } finally {
    await Promise.all(servers.map((server) => server.close()));
  }
  log.summary(counts, sent, asExpected, (performance.now() - started) / 1000);
  for (const problem of problems) log.problem(problem);
  if (signal.aborted) log.interrupted();
  if (problems.length > 0) return 'failed';
  return signal.aborted ? 'interrupted' : 'passed';
}

function reasonOf({ message, cause }: Error): string {
  return cause instanceof Error ? `${message} Cause: ${cause.message}` : message;
}
