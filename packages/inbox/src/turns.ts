import type { Turn } from './engine.ts';

/** What one process has to give, and who holds how much of it. */
interface Shares {
  readonly concurrency: number;
  readonly free: number;
  /** How many deliveries each receiver of this process holds. */
  readonly held: ReadonlyMap<string, number>;
}

/** The same, and who would like more. */
export interface Slots extends Shares {
  /** Receivers that had more to do at the last look than they got. */
  readonly hungry: ReadonlySet<string>;
}

/**
 * Shares the free slots among receivers. One whose handlers hang must not keep the others from theirs: up to half of all
 * slots stay free for the receivers that hold none, one for each. The rest goes in equal parts to those that are hungry.
 *
 * @param names the receivers that are to be asked for, in the order in which they are served
 */
export function shareOut(names: readonly string[], { concurrency, free, held, hungry }: Slots): readonly Turn[] {
  const holdsNone = (name: string) => held.size > 1 && held.get(name) === 0;
  let left = Math.max(0, free - keptFree({ concurrency, held }));
  const eager = names.filter((name) => hungry.has(name));
  const sharing = new Set(eager.length > 0 ? eager : names);
  const turns: Turn[] = [];
  for (const name of names) {
    const share = sharing.has(name) ? Math.ceil(left / sharing.size) : 0;
    if (sharing.delete(name)) left -= share;
    const most = share + (holdsNone(name) ? 1 : 0);
    if (most > 0) turns.push({ name, most });
  }
  return turns;
}

/** Whether a handler of a receiver may begin: what is kept free for others is not for it. */
export function mayBegin(name: string, { concurrency, free, held }: Shares): boolean {
  return free > (held.get(name) === 0 ? 0 : keptFree({ concurrency, held }));
}

/** How many slots stay free for receivers that hold none. */
function keptFree({ concurrency, held }: Pick<Shares, 'concurrency' | 'held'>): number {
  if (held.size < 2) return 0;
  return Math.min(Math.floor(concurrency / 2), [...held.values()].filter((count) => count === 0).length);
}
