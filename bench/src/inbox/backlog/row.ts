import { median, type Ratio, ratio } from '../../rounds.ts';
import type { Target } from '../../targets.ts';
import type { Measured, Store, Task } from './stand.ts';

export interface BacklogRow {
  readonly store: Store;
  readonly what: string;
  readonly waiting: number;
  readonly processes: number;
  /** What ours is beside. */
  readonly base: string;
  readonly ratio: Ratio;
  readonly target: Target | undefined;
  /** Medians of the rounds; undefined where it is not what is compared. */
  readonly perSecond: number | undefined;
  readonly basePerSecond: number | undefined;
  /** Of all events of the quiet receiver in all rounds. */
  readonly waitsMs: Waits;
  readonly baseWaitsMs: Waits | undefined;
}

export interface Waits {
  readonly p50: number;
  readonly p99: number;
}

/** A row of what is compared by events per second. */
export function rowOf(
  store: Store,
  what: string,
  { waiting, processes }: Task,
  results: readonly Measured[],
  base: readonly Measured[] | undefined,
): Omit<BacklogRow, 'base' | 'target'> {
  const speeds = (rounds: readonly Measured[]) => rounds.map(({ perSecond }) => perSecond);
  const waits = (rounds: readonly Measured[]) => waitsOf(rounds.map(({ waitsMs }) => waitsMs));
  return {
    store,
    what,
    waiting,
    processes,
    ratio: ratio(speeds(results), speeds(base ?? [])),
    perSecond: median(speeds(results)),
    basePerSecond: base && median(speeds(base)),
    waitsMs: waits(results),
    baseWaitsMs: base && waits(base),
  };
}

/** The middle one and the slow end of all rounds. */
export function waitsOf(rounds: readonly (readonly number[])[]): Waits {
  const sorted = rounds.flat().toSorted((a, b) => a - b);
  const at = (part: number) => sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * part))] ?? Number.NaN;
  return { p50: at(0.5), p99: at(0.99) };
}
