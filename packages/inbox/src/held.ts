import { WebhookError, type WorkOutcome } from '@hookproof/core';
import type { Running } from './attempt.ts';
import type { Engine, Lease } from './engine.ts';
import type { Settings } from './options.ts';

/** The deliveries that this process has leased. */
export interface Held {
  /** Keeps the lease of a delivery whose handlers are still to begin. */
  keep(lease: Lease): void;
  /** Those that are still to begin, the first taken first, without those that another worker may have by now. */
  ready(): Iterable<Lease>;
  /** Its handlers begin. */
  add(attempt: Running): void;
  /** Its handlers have ended; what became of it is to be recorded. */
  handled(lease: Lease): void;
  /** It is recorded. */
  remove(attempt: Running): void;
  /** Whether one has waited for so long that the handlers before it must hang. */
  isStuck(): boolean;
  /** Gives back those that are still to begin. */
  release(): Promise<void>;
  /** How many there are in all. */
  readonly size: number;
  /** How many are still to begin, in all or of one receiver. */
  waiting(name?: string): number;
  /** How many have handlers at work, in all or of one receiver. */
  handling(name?: string): number;
  /** Those whose handlers have begun. */
  all(): readonly Running[];
  /** The ends of those. */
  ends(): readonly Promise<WorkOutcome>[];
  /** Tells the store that this process lives; stops what it no longer holds, or may no longer hold. */
  beat(): Promise<boolean>;
  /** Tells it no longer. */
  close(): void;
}

/** Milliseconds for which a delivery may wait for a handler to end. */
const patienceMs = 1_000;

/** Keeps what is leased, and its leases as long as there is something. */
export function createHeld(engine: Pick<Engine, 'keep' | 'release'>, { leaseMs, onError }: Settings): Held {
  const ready = leasesByName();
  const handling = leasesByName();
  const running = new Map<string, Running>();
  const keptAt = new WeakMap<Lease, number>();
  let heartbeat: NodeJS.Timeout | undefined;
  let heardAt = 0;
  /** Whether the store owes an answer about leases. */
  let asking = false;

  function stopWhereLate(): void {
    if (performance.now() - heardAt < leaseMs) return;
    for (const lease of ready.all()) ready.delete(lease);
    for (const { stop } of running.values()) stop(lostLease());
  }

  async function beat(): Promise<boolean> {
    if (ready.count() + running.size === 0) return true;
    // The store does not even fail, but says nothing.
    if (asking) stopWhereLate();
    asking = true;
    try {
      for (const lease of await engine.keep([...ready.all(), ...[...running.values()].map((one) => one.lease)])) {
        ready.delete(lease);
        const lost = running.get(markOf(lease));
        if (lost?.isCompleted() === false) lost.stop(lostLease());
      }
      heardAt = performance.now();
      return true;
    } catch (error) {
      onError(error);
      stopWhereLate();
      return false;
    } finally {
      asking = false;
      closeWhereEmpty();
    }
  }

  function close(): void {
    clearInterval(heartbeat);
    heartbeat = undefined;
  }

  function closeWhereEmpty(): void {
    if (ready.count() + running.size === 0) close();
  }

  return {
    get size() {
      return ready.count() + running.size;
    },
    keep(lease) {
      ready.add(lease);
      keptAt.set(lease, performance.now());
      if (heartbeat !== undefined) return;
      heardAt = performance.now();
      heartbeat = setInterval(beat, leaseMs / 3);
    },
    ready() {
      // After a pause of the whole process nobody has told of leases that are over.
      const until = performance.now() - leaseMs;
      const isOver = (lease: Lease) => Math.max(heardAt, keptAt.get(lease) ?? 0) < until;
      if (heardAt < until) for (const lease of ready.all()) if (isOver(lease)) ready.delete(lease);
      closeWhereEmpty();
      return ready.all();
    },
    add(attempt) {
      ready.delete(attempt.lease);
      handling.add(attempt.lease);
      running.set(markOf(attempt.lease), attempt);
    },
    handled: handling.delete,
    remove({ lease }) {
      handling.delete(lease);
      running.delete(markOf(lease));
      closeWhereEmpty();
    },
    isStuck() {
      const [first] = ready.all();
      return first !== undefined && performance.now() - (keptAt.get(first) ?? 0) > patienceMs;
    },
    async release() {
      const leases = [...ready.all()];
      for (const lease of leases) ready.delete(lease);
      closeWhereEmpty();
      if (leases.length > 0) await engine.release(leases);
    },
    waiting: ready.count,
    handling: handling.count,
    all: () => [...running.values()],
    ends: () => [...running.values()].map(({ ended }) => ended),
    beat,
    close,
  };
}

/** A set of leases, counted by receiver. */
function leasesByName() {
  const leases = new Map<string, Lease>();
  const counts = new Map<string, number>();
  const count = (name?: string) => (name === undefined ? leases.size : (counts.get(name) ?? 0));
  return {
    all: (): Iterable<Lease> => leases.values(),
    count,
    add(lease: Lease) {
      leases.set(markOf(lease), lease);
      counts.set(lease.name, count(lease.name) + 1);
    },
    delete(lease: Lease) {
      if (leases.delete(markOf(lease))) counts.set(lease.name, count(lease.name) - 1);
    },
  };
}

function markOf({ id, token }: { readonly id: string; readonly token: string }): string {
  return `${id} ${token}`;
}

function lostLease(): WebhookError {
  return new WebhookError('lease_lost', 'Another worker has this delivery, or will have it soon.', {
    fix: 'Is the event loop blocked, or the store out of reach, for longer than leaseMs?',
  });
}
