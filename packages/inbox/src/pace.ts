import type { Lease } from './engine.ts';

/** Milliseconds over which ends are counted. */
const memoryMs = 100;

/** How long what is taken ahead should last: so many takes, and at least so many milliseconds. */
const lasts = { takes: 3, ms: 15 };

/** The most that is taken ahead: deliveries, and bytes of their bodies. */
const most = { deliveries: 100, bytes: 16 * 1024 * 1024 };

/** How fast handlers end, and how long a look into the store takes. */
export interface Pace {
  /** A handler has ended. */
  ended(): void;
  /** A look took so long. */
  took(ms: number, leases: readonly Lease[]): void;
  /** How many deliveries to have in hand, so that no slot waits for the store: none where handlers take their time. */
  ahead(): number;
}

/**
 * Makes the pace of one process. What is taken ahead begins some milliseconds later, because there is only as much of it
 * as handlers end in that time: no other process could have begun it much sooner.
 */
export function createPace(): Pace {
  let ends = 0;
  let countedAt = performance.now();
  let takeMs = 0;
  let bytes = 0;

  function recent(): number {
    const now = performance.now();
    ends *= Math.exp((countedAt - now) / memoryMs);
    countedAt = now;
    return ends;
  }

  return {
    ended() {
      ends = recent() + 1;
    },
    took(ms, leases) {
      takeMs += (ms - takeMs) / 5;
      for (const { body } of leases) bytes += (body.byteLength - bytes) / 20;
    },
    ahead() {
      const wanted = (recent() / memoryMs) * Math.max(lasts.takes * takeMs, lasts.ms);
      return Math.floor(Math.min(wanted, most.deliveries, most.bytes / Math.max(1, bytes)));
    },
  };
}
