import { start } from '../children.ts';
import { median, type Ratio, ratio } from '../rounds.ts';
import { type Target, targets } from '../targets.ts';
import { type Disk, inspect, makeFolder } from './disk.ts';
import type { GrowthAnswer, GrowthQuestion } from './growth.ts';
import type { Timing } from './timing.ts';

/** How much to store, and what to measure at each size. */
export interface GrowthPlan {
  /** Deliveries that are stored, rising. */
  readonly sizes: readonly number[];
  readonly rounds: number;
  /** Accepts of a round; fewer where they would fill the store up to the next size. */
  readonly accepts: number;
}

export interface GrowthRow extends Omit<GrowthAnswer, 'grown' | 'empty'> {
  readonly kind: Kind;
  readonly stored: number;
  /** Time per accept in an empty store by that in this one in the same round; below 1 this one is slower. */
  readonly ratio: Ratio;
  readonly target: Target | undefined;
  /** Medians of the rounds. */
  readonly acceptUs: number;
  readonly emptyAcceptUs: number;
  readonly p99Us: number;
  readonly emptyP99Us: number;
}

export interface GrowthResult {
  readonly disk: Disk;
  readonly rows: readonly GrowthRow[];
}

/** What is stored: deliveries with random keys that wait, or with keys that sort by time and are handled. */
const kinds = ['random', 'sorted'] as const;

type Kind = (typeof kinds)[number];

/** Measures what the inbox in SQLite costs the more it holds. */
export async function growth(
  { sizes, rounds, accepts }: GrowthPlan,
  progress: (what: string) => void,
): Promise<GrowthResult> {
  const folder = makeFolder();
  const disk = inspect(folder);
  const rows: GrowthRow[] = [];
  for (const kind of kinds) {
    const child = start(new URL('./growth.js', import.meta.url), [kind, folder]);
    for (const [index, stored] of sizes.entries()) {
      progress(`inbox: ${stored.toLocaleString('en')} stored, ${kind} keys`);
      const room = (sizes[index + 1] ?? Number.POSITIVE_INFINITY) - stored;
      const question: GrowthQuestion = { stored, rounds, accepts: Math.min(accepts, Math.floor(room / rounds)) };
      rows.push(toRow(kind, stored, await child.ask<GrowthAnswer>(question)));
    }
    await child.stop();
  }
  return { disk, rows };
}

function toRow(kind: Kind, stored: number, { grown, empty, ...costs }: GrowthAnswer): GrowthRow {
  const us = (rounds: readonly Timing[]) => rounds.map(({ perSecond }) => 1_000_000 / perSecond);
  const p99 = (rounds: readonly Timing[]) => median(rounds.map(({ p99Us }) => p99Us));
  return {
    kind,
    stored,
    ratio: ratio(us(empty), us(grown)),
    target: kind === 'random' && stored === 1_000_000 ? targets.millionStored : undefined,
    acceptUs: median(us(grown)),
    emptyAcceptUs: median(us(empty)),
    p99Us: p99(grown),
    emptyP99Us: p99(empty),
    ...costs,
  };
}
