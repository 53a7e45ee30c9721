import { interleave, ratio } from '../../rounds.ts';
import { type Target, targets } from '../../targets.ts';
import { type Disk, inspect, makeFolder } from '../disk.ts';
import { type BacklogRow, rowOf, waitsOf } from './row.ts';
import { type Measured, type Stand, type Store, setUp, stores, subjects, type Task } from './stand.ts';

/** How much waits, and for how long it is worked on. */
export interface BacklogPlan {
  /** Events that wait, rising. The first is what the others are compared with. */
  readonly sizes: readonly number[];
  /** Events that have come just before. */
  readonly burst: number;
  readonly warmups: number;
  readonly rounds: number;
  readonly seconds: number;
}

export interface BacklogResult {
  readonly disk: Disk;
  readonly rows: readonly BacklogRow[];
  /** Stores that are not here to be measured. */
  readonly skipped: readonly string[];
}

interface Stands {
  readonly ours: Stand;
  /** The bare engine; undefined where there is none. */
  readonly bare?: Stand;
}

async function standsOf(store: Store, folder: string): Promise<Stands | undefined> {
  const { ours, bare } = subjects[store];
  const stand = await setUp(store, ours, folder);
  if (stand === undefined || bare === undefined) return stand && { ours: stand };
  const other = await setUp(store, bare, folder);
  return other && { ours: stand, bare: other };
}

/** Events that a new process works off before it is measured. */
const warmupEvents = 3_000;

const slow = { concurrency: 100, handlerMs: 50 } as const;

/** Measures how fast each store is worked off, the more waits in it. */
export async function backlog(plan: BacklogPlan, progress: (what: string) => void): Promise<BacklogResult> {
  const folder = makeFolder();
  const disk = inspect(folder);
  const rows: BacklogRow[] = [];
  const skipped: string[] = [];
  for (const store of stores) {
    const stands = await standsOf(store, folder);
    if (stands === undefined) {
      skipped.push(store);
      continue;
    }
    rows.push(await starts(store, stands.ours, plan, progress), await slowHandlers(store, stands.ours, plan, progress));
    const sized = await bySize(store, stands, plan, progress);
    for (const stand of Object.values(stands)) await stand.end();
    rows.push(...sized.rows, await afterBurst(store, folder, sized.least, plan, progress));
  }
  return { disk, rows, skipped };
}

/** How soon a handler begins in another process than the one that stored, while nothing else is to be done. */
async function starts(
  store: Store,
  stand: Stand,
  { rounds, warmups, seconds }: BacklogPlan,
  progress: (what: string) => void,
): Promise<BacklogRow> {
  progress(`backlog: ${store}, handlers that begin in another process`);
  const task: Task = { waiting: 0, processes: 1, seconds };
  const results = await measured(stand, task, warmups, rounds);
  const p50s = results.map(({ waitsMs }) => waitsOf([waitsMs]).p50);
  return {
    ...rowOf(store, 'a handler begins', task, results, undefined),
    base: `${targets.backlog.startMs} ms`,
    ratio: ratio(
      p50s.map(() => targets.backlog.startMs),
      p50s,
    ),
    target: targets.backlog.start[store],
    perSecond: undefined,
  };
}

/** How much of what arithmetic allows handlers get done that take their time. */
async function slowHandlers(
  store: Store,
  stand: Stand,
  { rounds, warmups, seconds }: BacklogPlan,
  progress: (what: string) => void,
): Promise<BacklogRow> {
  progress(`backlog: ${store}, handlers of ${slow.handlerMs} ms`);
  const most = (slow.concurrency * 1_000) / slow.handlerMs;
  // As much as can be done in the time, so that little is left for who comes after.
  const task: Task = { waiting: Math.round(most * seconds * 0.9), processes: 1, seconds, ...slow };
  const results = await measured(stand, task, warmups, rounds);
  return {
    ...rowOf(store, `handlers of ${slow.handlerMs} ms, ${slow.concurrency} at once`, task, results, undefined),
    base: 'arithmetic',
    ratio: ratio(
      results.map(({ perSecond }) => perSecond),
      results.map(() => most),
    ),
    target: targets.backlog.slowHandlers,
    basePerSecond: most,
  };
}

interface Sized {
  readonly rows: readonly BacklogRow[];
  /** Ours by one process with the least backlog. */
  readonly least: readonly Measured[];
}

/** At each size: ours beside the bare engine, beside itself with the least, and two processes beside one. */
async function bySize(
  store: Store,
  { ours, bare }: Stands,
  { sizes, rounds, warmups, seconds }: BacklogPlan,
  progress: (what: string) => void,
): Promise<Sized> {
  const rows: BacklogRow[] = [];
  let least: readonly Measured[] = [];
  for (const waiting of sizes) {
    progress(`backlog: ${store}, ${waiting.toLocaleString('en')} waiting`);
    const task = (processes: number): Task => ({ waiting, processes, seconds });
    const contenders = {
      'ours 1': () => ours.measure(task(1)),
      'ours 2': () => ours.measure(task(2)),
      ...(bare && { 'bare 1': () => bare.measure(task(1)), 'bare 2': () => bare.measure(task(2)) }),
    };
    const names = Object.keys(contenders) as (keyof typeof contenders)[];
    const run = async (name: keyof typeof contenders) => {
      const measure = contenders[name];
      if (measure === undefined) throw new RangeError(`There is no contender ${name}.`);
      return measure();
    };
    await interleave(names, warmups, run);
    const results = await interleave(names, rounds, run);
    const [one, two] = [results['ours 1'], results['ours 2']];
    if (least.length === 0) least = one;
    const row = (processes: number, base: readonly Measured[], name: string, target: Target | undefined) => ({
      ...rowOf(store, 'an empty handler', task(processes), processes === 1 ? one : two, base),
      base: name,
      target,
    });
    if (bare !== undefined) {
      const name = subjects[store].bare ?? '';
      rows.push(
        row(1, results['bare 1'], name, targets.backlog.bare[store]),
        row(2, results['bare 2'], name, undefined),
      );
    }
    if (waiting !== sizes[0]) rows.push(row(1, least, itself(sizes), targets.backlog.flat));
    rows.push(row(2, one, 'itself, 1 process', targets.backlog.twoProcesses[store]));
  }
  return { rows, least };
}

/** Right after many events came into an empty store at once, before the store knows how much it holds. */
async function afterBurst(
  store: Store,
  folder: string,
  least: readonly Measured[],
  { rounds, burst, seconds, sizes }: BacklogPlan,
  progress: (what: string) => void,
): Promise<BacklogRow> {
  progress(`backlog: ${store}, right after a burst`);
  const { ours } = subjects[store];
  const task: Task = { waiting: burst, processes: 1, seconds };
  const results: Measured[] = [];
  while (results.length < rounds) {
    const stand = await setUp(store, ours, folder);
    if (stand === undefined) break;
    // The process that works compiles, on the least that tells nothing of the store.
    await stand.measure({ ...task, waiting: Math.min(burst, warmupEvents) });
    results.push(await stand.measure(task));
    await stand.end();
  }
  return {
    ...rowOf(store, 'right after they came', task, results, least),
    base: itself(sizes),
    target: targets.backlog.flat,
  };
}

function itself([least]: readonly number[]): string {
  return `itself, ${least?.toLocaleString('en')} waiting`;
}

async function measured(stand: Stand, task: Task, warmups: number, rounds: number): Promise<readonly Measured[]> {
  const results: Measured[] = [];
  for (let round = 0; round < warmups + rounds; round++) results.push(await stand.measure(task));
  return results.slice(warmups);
}
