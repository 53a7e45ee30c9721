import { setImmediate as nextTurn } from 'node:timers/promises';
import type { Engine, Lease, Turn } from './engine.ts';
import type { Held } from './held.ts';
import type { Settings } from './options.ts';
import { createPace } from './pace.ts';
import { mayBegin, shareOut } from './turns.ts';

/** What one takes for, and with. */
interface Surroundings {
  /** The receivers of this process. */
  readonly names: () => readonly string[];
  /** Opens the store. */
  readonly ready: () => Promise<void>;
  /** Begins to work on what was leased. */
  readonly begin: (lease: Lease) => void;
  /** Whether nothing new begins any more. */
  readonly isStopped: () => boolean;
}

/** Takes deliveries from the store, and has their handlers begin. */
export interface Taker {
  /** Leases as much as there is room for, and says how much that was. */
  take(): Promise<number>;
  /** The handlers of a delivery have ended. */
  handled(lease: Lease): void;
  /** Has what was taken ahead begin where there is room; says whether it is time to take more. */
  goOn(): boolean;
}

/** Makes what takes: a little ahead, where handlers end faster than the store answers. */
export function createTaker(
  engine: Pick<Engine, 'take' | 'keep'>,
  { concurrency, leaseMs }: Settings,
  working: Held,
  { names, ready, begin, isStopped }: Surroundings,
): Taker {
  const pace = createPace();
  /** Receivers that had more to do at the last look than they got, and how many looks there were. */
  let hungry: ReadonlySet<string> = new Set();
  let looks = 0;

  function beginReady(): void {
    if (working.waiting() === 0) return;
    const held = countsOf(working.handling);
    for (const lease of working.ready()) {
      const free = concurrency - working.handling();
      if (free <= 0 || isStopped()) return;
      if (!mayBegin(lease.name, { concurrency, free, held })) continue;
      begin(lease);
      held.set(lease.name, working.handling(lease.name));
    }
  }

  function countsOf(count: (name: string) => number): Map<string, number> {
    return new Map(names().map((name) => [name, count(name)]));
  }

  /** How many may be leased. What is being recorded needs no slot, but must not pile up while the store is slow. */
  function room(): number {
    const ahead = pace.ahead();
    const free = concurrency - working.handling() + Math.max(0, ahead - working.waiting());
    return Math.min(free, 2 * (concurrency + ahead) - working.size);
  }

  async function takeTurns(turns: readonly Turn[], limit: number): Promise<readonly Lease[]> {
    const asked = performance.now();
    const leases = await engine.take(turns, limit);
    const tookMs = performance.now() - asked;
    pace.took(tookMs, leases);
    // An answer that took so long may be about leases that are over: nothing begins that another worker may have.
    const lost = tookMs > leaseMs / 2 ? await engine.keep(leases) : [];
    const held = leases.filter(({ id }) => !lost.some((lease) => lease.id === id));
    for (const lease of held) working.keep(lease);
    beginReady();
    return held;
  }

  return {
    handled(lease) {
      working.handled(lease);
      pace.ended();
    },

    goOn() {
      beginReady();
      const ahead = pace.ahead();
      // Where there is more than handlers go through, it is not for those whose slots are free.
      return working.waiting() <= ahead / 2 || working.waiting() > ahead;
    },

    async take() {
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
        const free = room();
        if (free <= 0) break;
        const held = countsOf((name) => working.handling(name) + working.waiting(name));
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
    },
  };
}
