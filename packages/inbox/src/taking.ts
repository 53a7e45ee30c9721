import { setImmediate as nextTurn } from 'node:timers/promises';
import type { Engine, Lease, Turn } from './engine.ts';
import type { Held } from './held.ts';
import type { Settings } from './options.ts';
import { shareOut } from './turns.ts';

/** What one takes for, and with. */
interface Surroundings {
  /** The receivers of this process. */
  readonly names: () => readonly string[];
  /** Opens the store. */
  readonly ready: () => Promise<void>;
  /** Begins to work on what was leased. */
  readonly begin: (lease: Lease) => void;
}

/** Makes the function that leases as much as there is room for, unless it is stopped, and says how much that was. */
export function createTaker(
  engine: Pick<Engine, 'take' | 'keep'>,
  { concurrency, leaseMs }: Settings,
  working: Held,
  { names, ready, begin }: Surroundings,
): (isStopped: () => boolean) => Promise<number> {
  /** Receivers that had more to do at the last look than they got, and how many looks there were. */
  let hungry: ReadonlySet<string> = new Set();
  let looks = 0;

  /** How many handlers may begin. What is being recorded needs none, but must not pile up while the store is slow. */
  function slots(): { readonly free: number; readonly held: ReadonlyMap<string, number> } {
    const held = new Map(names().map((name) => [name, 0]));
    let handling = 0;
    for (const { lease, isHandling } of working.all()) {
      if (!isHandling()) continue;
      handling += 1;
      held.set(lease.name, (held.get(lease.name) ?? 0) + 1);
    }
    return { free: Math.min(concurrency - handling, 2 * concurrency - working.size), held };
  }

  async function takeTurns(turns: readonly Turn[], limit: number): Promise<readonly Lease[]> {
    const asked = performance.now();
    const leases = await engine.take(turns, limit);
    // An answer that took so long may be about leases that are over: nothing begins that another worker may have.
    const lost = performance.now() - asked > leaseMs / 2 ? await engine.keep(leases) : [];
    const held = leases.filter(({ id }) => !lost.some((lease) => lease.id === id));
    for (const lease of held) begin(lease);
    return held;
  }

  return async (isStopped) => {
    // Handlers that end in one turn of the event loop make room together.
    await nextTurn();
    const all = names();
    const first = looks++ % Math.max(1, all.length);
    // Not always the same one first: there may be room for one only.
    let open = [...all.slice(first), ...all.slice(0, first)];
    const more = new Set<string>();
    let taken = 0;
    // Again for those that got all that they asked for, and may have more to do.
    for (let pass = 0; pass <= all.length && open.length > 0 && !isStopped(); pass += 1) {
      const { free, held } = slots();
      if (free <= 0) break;
      const turns = shareOut(open, { concurrency, free, held, hungry });
      if (turns.length === 0) break;
      await ready();
      const begun = await takeTurns(turns, free);
      taken += begun.length;
      const full = turns.filter(({ name, most }) => begun.filter((lease) => lease.name === name).length >= most);
      for (const { name } of full) more.add(name);
      const asked = new Set(turns.map(({ name }) => name));
      open = [...open.filter((name) => !asked.has(name)), ...full.map(({ name }) => name)];
    }
    hungry = more;
    return taken;
  };
}
