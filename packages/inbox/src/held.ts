import { WebhookError, type WorkOutcome } from '@hookproof/core';
import type { Running } from './attempt.ts';
import type { Engine } from './engine.ts';
import type { Settings } from './options.ts';

/** The deliveries that this process works on. */
export interface Held {
  add(attempt: Running): void;
  remove(attempt: Running): void;
  readonly size: number;
  all(): readonly Running[];
  /** The ends of all that is being worked on. */
  ends(): readonly Promise<WorkOutcome>[];
  /** Tells the store that this process lives; stops what it no longer holds, or may no longer hold. */
  beat(): Promise<boolean>;
  /** Tells it no longer. */
  close(): void;
}

/** Keeps what is worked on, and its leases as long as there is something. */
export function createHeld(engine: Pick<Engine, 'keep'>, { leaseMs, onError }: Settings): Held {
  const running = new Map<string, Running>();
  let heartbeat: NodeJS.Timeout | undefined;
  let heardAt = 0;
  /** Whether the store owes an answer about leases. */
  let asking = false;

  function stopWhereLate(): void {
    if (performance.now() - heardAt >= leaseMs) for (const { stop } of running.values()) stop(lostLease());
  }

  async function beat(): Promise<boolean> {
    if (running.size === 0) return true;
    // The store does not even fail, but says nothing.
    if (asking) stopWhereLate();
    asking = true;
    try {
      for (const lease of await engine.keep([...running.values()].map(({ lease }) => lease))) {
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
    }
  }

  function close(): void {
    clearInterval(heartbeat);
    heartbeat = undefined;
  }

  return {
    get size() {
      return running.size;
    },
    add(attempt) {
      running.set(markOf(attempt.lease), attempt);
      if (heartbeat !== undefined) return;
      heardAt = performance.now();
      heartbeat = setInterval(beat, leaseMs / 3);
    },
    remove({ lease }) {
      running.delete(markOf(lease));
      if (running.size === 0) close();
    },
    all: () => [...running.values()],
    ends: () => [...running.values()].map(({ ended }) => ended),
    beat,
    close,
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
