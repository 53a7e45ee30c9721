import type { SimulatedAttempt, SimulatedDelivery } from '@hookproof/testing/simulator';
import { SingleBar } from 'cli-progress';
import { coloursFor, printable, type Report } from '../terminal.ts';
import { resultOf } from './summary.ts';

/** From so many deliveries on, a terminal shows a bar instead of a line for each request. */
const manyDeliveries = 30;

/** Shows a run while it goes on. */
export interface Live {
  readonly onAttempt: (delivery: SimulatedDelivery, attempt: SimulatedAttempt) => void;
  /** Lets go of the line of a bar, so that a note can be read. */
  readonly pause: () => void;
  /** Waits until everything is written. */
  readonly end: () => Promise<void>;
}

/** A line for every request, or a bar on long runs; `quiet` leaves out both. */
export function showLive(report: Report, count: number, quiet: boolean): Live {
  const { stderr } = report.terminal;
  if (!report.json && !quiet && count >= manyDeliveries && stderr.isTTY) return showBar(report, count);
  let written = Promise.resolve();
  return {
    onAttempt(delivery, attempt) {
      if (quiet) return;
      written = written.then(async () => {
        await report.say(lineOf(report, delivery, attempt));
        await report.record(recordOf(delivery, attempt));
      });
    },
    pause() {},
    end: () => written,
  };
}

function showBar(report: Report, count: number): Live {
  const { stderr } = report.terminal;
  const { cyan, red } = coloursFor(report.terminal, stderr);
  const bar = new SingleBar({
    stream: stderr,
    format: `${cyan('{bar}')} {value}/{total} deliveries, {requests} requests, {failures}, {duration_formatted}, {eta_formatted} to go`,
    // The figures beside it have 66 characters, and what goes beyond the edge is not shown.
    barsize: Math.max(4, Math.min(24, (stderr.columns ?? 100) - 66)),
  });
  // By its id, because each of several copies is told.
  const ended = new Set<string>();
  let [requests, failures] = [0, 0];
  const payload = () => ({ requests, failures: failures === 0 ? '0 failed' : red(`${failures} failed`) });
  bar.start(count, 0, payload());
  return {
    onAttempt(delivery, attempt) {
      requests += 1;
      if (!attempt.isDelivered) failures += 1;
      if (attempt.isDelivered || attempt.nextDelayMs === undefined) ended.add(delivery.id);
      if (bar.isActive) bar.update(ended.size, payload());
    },
    pause() {
      // A bar turns the wrapping of lines off.
      if (bar.isActive) bar.stop();
    },
    async end() {
      if (bar.isActive) bar.stop();
    },
  };
}

function lineOf({ colours }: Report, { type, id }: SimulatedDelivery, attempt: SimulatedAttempt): string {
  const { dim, green, red, yellow } = colours;
  const { at, number, durationMs, isDelivered, body, nextDelayMs } = attempt;
  const result = (isDelivered ? green : red)(resultOf(attempt));
  const parts = [
    dim(at.toISOString().slice(11, 23)),
    printable(type ?? '(no type)'),
    dim(id),
    result,
    `${Math.round(durationMs)} ms`,
    ...(body === '' ? [] : [dim(printable(body.replace(/\s+/g, ' ').slice(0, 100)))]),
    ...(number > 1 ? [`attempt ${number}`] : []),
    ...(nextDelayMs === undefined ? [] : [yellow(`next after ${time(nextDelayMs)}`)]),
  ];
  return parts.join('  ');
}

function recordOf({ type, id, url }: SimulatedDelivery, attempt: SimulatedAttempt) {
  const { number, at, status, error, durationMs, isDelivered, nextDelayMs, body } = attempt;
  return {
    kind: 'attempt',
    id,
    type,
    url,
    attempt: number,
    at,
    status,
    error,
    isDelivered,
    durationMs,
    nextDelayMs,
    body,
  };
}

function time(ms: number): string {
  if (ms < 60_000) return `${ms / 1_000} s`;
  return ms < 3_600_000 ? `${ms / 60_000} min` : `${ms / 3_600_000} h`;
}
