import { performance } from 'node:perf_hooks';
import { median, type Ratio, ratio } from '../rounds.ts';
import type { Target } from '../targets.ts';

/** What callers got done in one round. Times in microseconds. */
export interface Timing {
  readonly perSecond: number;
  /** From a call to its answer: the middle one, and the one that one in a hundred exceeds. */
  readonly p50Us: number;
  readonly p99Us: number;
  /** Processor time of the whole process per call. */
  readonly cpuUs: number;
}

/** One contender beside another, its base. */
export interface TimingRow {
  /** Where: a store, or a framework. */
  readonly on: string;
  readonly contender: string;
  readonly base: string;
  /** The contender's calls per second by the base's in the same round; above 1 is more. */
  readonly ratio: Ratio;
  readonly target: Target | undefined;
  /** Medians of the rounds. */
  readonly figures: Timing;
  readonly baseFigures: Timing;
}

/** Has so many callers call again and again, each as soon as it has its answer, for a time or a number of calls. */
export async function time(
  callers: number,
  until: { readonly seconds: number } | { readonly calls: number },
  call: () => Promise<unknown>,
): Promise<Timing> {
  const takenMs: number[] = [];
  const cpu = process.cpuUsage();
  const started = performance.now();
  const end = started + ('seconds' in until ? until.seconds * 1_000 : Number.POSITIVE_INFINITY);
  const most = 'calls' in until ? until.calls : Number.POSITIVE_INFINITY;
  let begun = 0;

  async function callAgain(): Promise<void> {
    let at = performance.now();
    while (begun < most && at < end) {
      begun++;
      await call();
      const after = performance.now();
      takenMs.push(after - at);
      at = after;
    }
  }

  await Promise.all(Array.from({ length: callers }, callAgain));
  const tookMs = performance.now() - started;
  const { user, system } = process.cpuUsage(cpu);
  return { ...spread(takenMs), perSecond: (takenMs.length * 1_000) / tookMs, cpuUs: (user + system) / takenMs.length };
}

/** The middle and the slow end of calls that took so many milliseconds each. */
export function spread(takenMs: readonly number[]): Pick<Timing, 'p50Us' | 'p99Us'> {
  const sorted = Float64Array.from(takenMs).sort();
  const at = (part: number) => (sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * part))] ?? 0) * 1_000;
  return { p50Us: at(0.5), p99Us: at(0.99) };
}

/** Contenders beside a base from the same rounds. */
export function toRow(
  on: string,
  results: Readonly<Record<string, readonly Timing[]>>,
  contender: string,
  base: string,
  target?: Target,
): TimingRow {
  const of = (name: string) => results[name] ?? [];
  const speed = (name: string) => of(name).map(({ perSecond }) => perSecond);
  return {
    on,
    contender,
    base,
    ratio: ratio(speed(contender), speed(base)),
    target,
    figures: medians(of(contender)),
    baseFigures: medians(of(base)),
  };
}

function medians(rounds: readonly Timing[]): Timing {
  const of = (figure: keyof Timing) => median(rounds.map((round) => round[figure]));
  return { perSecond: of('perSecond'), p50Us: of('p50Us'), p99Us: of('p99Us'), cpuUs: of('cpuUs') };
}
