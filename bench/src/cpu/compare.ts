import { type Child, start } from '../children.ts';
import type { SchemeName } from '../deliveries.ts';
import { interleave, median, type Ratio, ratio } from '../rounds.ts';
import type { Target } from '../targets.ts';
import type { MeasureOptions } from './measure.ts';
import type { Side } from './pair.ts';
import type { SubjectName } from './subjects.ts';

/** How long and how often to measure. */
export interface CpuPlan {
  /** Processes of each comparison, one after the other, each with so many rounds. */
  readonly processes: number;
  readonly rounds: number;
  readonly samples: number;
  readonly sampleMs: number;
}

/** Ours beside its base: a subject of `subjects.ts`, and what its two sides are called. */
export interface Comparison {
  readonly what: string;
  readonly ours: string;
  readonly base: string;
  readonly subject: SubjectName;
  /** Grantex V2 by default. */
  readonly scheme?: SchemeName;
  readonly bytes: number;
  readonly target?: Target | undefined;
  /** Where the sides cannot share a process: the subject whose `ours` is the base, and what is imported first for ours. */
  readonly apart?: { readonly base: SubjectName; readonly first: URL };
}

export interface CpuRow {
  readonly what: string;
  readonly ours: string;
  readonly base: string;
  readonly bytes: number;
  readonly target: Target | undefined;
  /** The base's processor time by ours in the same round; above 1 ours is cheaper. */
  readonly ratio: Ratio;
  /** Medians of the rounds, in microseconds per delivery. */
  readonly cpuUs: number;
  readonly baseCpuUs: number;
}

/** Measures comparisons one after the other. */
export async function compareAll(
  comparisons: readonly Comparison[],
  plan: CpuPlan,
  progress: (what: string) => void,
): Promise<CpuRow[]> {
  const rows: CpuRow[] = [];
  for (const comparison of comparisons) {
    progress(`${comparison.what}, ${comparison.bytes} B: ${comparison.ours} / ${comparison.base}`);
    rows.push(await compare(comparison, plan));
  }
  return rows;
}

/** Processes that time the two sides; mostly one times both. */
type Processes = Readonly<Record<Side, () => Promise<number>>> & { readonly children: readonly Child[] };

/**
 * Times both sides in processes that do nothing else. The engine compiles the same code a little differently in each,
 * so several take part, one after the other.
 */
async function compare(comparison: Comparison, plan: CpuPlan): Promise<CpuRow> {
  const all = Array.from({ length: plan.processes }, () => startProcesses(comparison, plan));
  // Not counted: a process answers when it is ready.
  await Promise.all(all.map(async ({ base, ours }) => [await base(), await ours()]));
  const results: Record<Side, number[]> = { base: [], ours: [] };
  for (const processes of all) {
    const cpuUs = await interleave(['base', 'ours'] as const, plan.rounds, (side) => processes[side]());
    results.base.push(...cpuUs.base);
    results.ours.push(...cpuUs.ours);
    for (const child of processes.children) await child.stop();
  }
  const { what, ours, base, bytes, target } = comparison;
  return {
    ...{ what, ours, base, bytes, target },
    ratio: ratio(results.base, results.ours),
    cpuUs: median(results.ours),
    baseCpuUs: median(results.base),
  };
}

function startProcesses({ subject, scheme = 'grantex v2', bytes, apart }: Comparison, plan: CpuPlan): Processes {
  const { samples, sampleMs } = plan;
  const startOne = (name: SubjectName, first?: URL): Child => {
    const options: MeasureOptions = { subject: { name, scheme, bytes }, samples, sampleMs };
    return start(new URL('./measure.js', import.meta.url), [JSON.stringify(options)], { first });
  };
  const child = startOne(subject, apart?.first);
  const ours = () => child.ask<number>('ours');
  if (apart === undefined) return { ours, base: () => child.ask<number>('base'), children: [child] };
  const other = startOne(apart.base);
  return { ours, base: () => other.ask<number>('ours'), children: [child, other] };
}
