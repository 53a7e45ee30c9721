import type { Turn } from './engine.ts';

/** What one process has to give, and who holds how much of it. */
export interface Slots {
  readonly concurrency: number;
  readonly free: number;
  /** How many slots each receiver of this process holds. */
  readonly held: ReadonlyMap<string, number>;
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
  const kept = Math.min(Math.floor(concurrency / 2), [...held.keys()].filter(holdsNone).length);
  let left = Math.max(0, free - kept);
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
