import type { Awaitable, WorkOutcome } from '@hookproof/core';
import { WebhookError } from '@hookproof/core';
import { type InboxReceiver, inTime, isProduction } from '@hookproof/core/inbox';
import { startAttempt } from './attempt.ts';
import type { Ending, Engine, Lease } from './engine.ts';
import { gather } from './gather.ts';
import { createHeld } from './held.ts';
import { invalid, type Settings } from './options.ts';
import { createTaker } from './taking.ts';

/** Timers may fire this much too early, in milliseconds; what they wake for would not be due yet. */
const timerSlackMs = 5;

/** Milliseconds before the end of `close` and `drain` in which handlers are told to stop, and what they did is recorded. */
const recordingMs = 1_000;

type Tally = Record<WorkOutcome, number>;

/** Works off what an engine holds for the receivers that are registered. */
export interface Worker<Completed extends Awaitable<void>> {
  register(receiver: InboxReceiver<(transaction: object) => Completed>): void;
  /** Looks for work now: something may be due. */
  wake(): void;
  /** Has something done now and then while this process works. */
  every(ms: number, run: () => unknown): void;
  /** Works off what is due; throws `inbox_unavailable` where the store does not let it end in time. */
  drain(maxMs: number): Promise<Tally>;
  /** Ends by its time, whatever handlers and store do; says by `onError` where that was too soon for them. */
  close(maxMs: number): Promise<void>;
}

/** Makes the worker of an inbox; `ready` opens the store. */
export function createWorker<Completed extends Awaitable<void>>(
  engine: Engine<boolean, Completed>,
  settings: Settings,
  ready: () => Promise<void>,
): Worker<Completed> {
  const { leaseMs, pollMs, onError } = settings;
  const receivers = new Map<string, InboxReceiver<(transaction: object) => Completed>>();
  const replaced = new Set<string>();
  const working = createHeld(engine, settings);
  const isStopped = () => closed || stopped !== undefined;
  const taker = createTaker(engine, settings, working, { names: () => [...receivers.keys()], ready, begin, isStopped });
  const chores: { readonly ms: number; readonly run: () => unknown }[] = [
    { ms: leaseMs / 4, run: () => recover(true) },
  ];
  const timers: NodeJS.Timeout[] = [];
  const settling = gather((endings: readonly (readonly [Lease, Ending])[]) => engine.settle(endings), 500);
  let started = false;
  let closed = false;
  let taking: Promise<number> | undefined;
  /** Whether something became due while the store was asked, or something ended. */
  let again = false;
  let roomier = false;
  let tally: Tally | undefined;
  let draining: Promise<Tally> | undefined;
  /** Why what runs is stopped, and what still begins as well. */
  let stopped: WebhookError | undefined;

  /** Leases as much as there is room for, and says how much that was. */
  function fill(): Promise<number> {
    again = taking !== undefined;
    if (taking !== undefined) return taking;
    roomier = false;
    taking = taker.take().finally(() => {
      taking = undefined;
      if (again || (roomier && taker.goOn())) wake();
    });
    return taking;
  }

  /** A module that is loaded anew makes its receiver again: the newer code is what its author wants to see at work. */
  function replace(name: string): void {
    if (isProduction()) {
      throw invalid(
        `two receivers of this inbox are named "${name}": give one of them a receiverName of its own, the same in every process`,
      );
    }
    if (replaced.has(name)) return;
    replaced.add(name);
    console.warn(
      `hookproof: a second receiver of this inbox is named "${name}", and takes over, as after a hot reload. If they are two, give one a receiverName of its own: in production this is refused.`,
    );
  }

  function begin(lease: Lease): void {
    const receiver = receivers.get(lease.name);
    if (receiver === undefined) return;
    const attempt = startAttempt(lease, receiver, engine, settle, () => goOn(() => taker.handled(lease)), settings);
    working.add(attempt);
    attempt.ended
      .then((outcome) => {
        if (tally !== undefined) tally[outcome] += 1;
      }, onError)
      .finally(() => goOn(() => working.remove(attempt)));
  }

  /** Something has ended: there may be room. */
  function goOn(end: () => void): void {
    end();
    const low = taker.goOn();
    if (taking !== undefined) roomier = true;
    else if (low) wake();
  }

  async function settle(lease: Lease, ending: Ending): Promise<boolean> {
    const held = await settling.add([lease, ending]);
    // A retry that is due before the next poll is not kept waiting for it.
    if (ending.outcome === 'retried' && ending.delayMs < pollMs) later(ending.delayMs + timerSlackMs);
    return held;
  }

  function later(ms: number): void {
    const timer = setTimeout(wake, ms);
    timer.unref();
  }

  /** After a pause of the whole process its own leases look silent too: it speaks before it listens. */
  async function recover(patient: boolean): Promise<void> {
    if (await working.beat()) await engine.recover(patient);
  }

  /** What was taken ahead of handlers that then hang is for others. */
  function poll(): void {
    if (working.isStuck()) working.release().catch(onError);
    wake();
  }

  function wake(): void {
    if (!started || closed) return;
    fill().catch(onError);
  }

  function startWorking(): void {
    if (started || closed) return;
    started = true;
    timers.push(setInterval(poll, pollMs));
    for (const { ms, run } of chores) {
      const attend = () => {
        ready()
          .then(run)
          .catch((error) => {
            if (!closed) onError(error);
          });
      };
      timers.push(setInterval(attend, ms));
      attend();
    }
    wake();
  }

  async function drainOnce(maxMs: number): Promise<Tally> {
    const until = performance.now() + stopAfter(maxMs);
    const counted: Tally = { handled: 0, retried: 0, dead: 0 };
    tally = counted;
    // In a process that works anyway, what runs is not this call's to stop.
    const over = started ? undefined : setTimeout(() => stopAll('The time of drain() is over.'), stopAfter(maxMs));
    const workOff = async () => {
      await recover(started);
      while (performance.now() < until && stopped === undefined) {
        const taken = await fill();
        if (taken === 0 && working.size === 0) break;
        if (working.size > 0) await Promise.race(working.ends());
      }
      await Promise.allSettled(working.ends());
      if (stopped !== undefined) await working.release();
    };
    try {
      const timeIsOver = Symbol('over');
      await inTime(workOff(), endAfter(maxMs), () => timeIsOver).catch((error) => {
        if (error !== timeIsOver) throw error;
        const storeIsSilent = taking !== undefined || working.handling() < working.ends().length;
        // In a process that works anyway, its handlers may go on.
        if (!started || storeIsSilent) throw endedTooSoon('drain()', working.size);
      });
    } finally {
      clearTimeout(over);
      if (!closed) stopped = undefined;
      tally = undefined;
    }
    return counted;
  }

  function stopAll(why: string): void {
    stopped = new WebhookError('handler_timeout', `${why} The event will be tried again.`);
    for (const { end } of working.all()) end(stopped);
  }

  return {
    register(receiver) {
      if (receivers.has(receiver.name)) replace(receiver.name);
      receivers.set(receiver.name, receiver);
      // Not at once: whoever makes this receiver may be about to make others.
      if (settings.work) setImmediate(startWorking);
    },
    wake,
    every: (ms, run) => {
      chores.push({ ms, run });
    },
    drain(maxMs) {
      draining ??= drainOnce(maxMs).finally(() => {
        draining = undefined;
      });
      return draining;
    },
    async close(maxMs) {
      closed = true;
      for (const timer of timers) clearInterval(timer);
      const over = setTimeout(() => stopAll('The inbox is closing.'), stopAfter(maxMs));
      const workOff = async () => {
        await taking?.catch(onError);
        await working.release().catch(onError);
        await Promise.allSettled(working.ends());
        await settling.idle();
      };
      await inTime(workOff(), endAfter(maxMs), () => endedTooSoon('close()', working.size)).catch(onError);
      clearTimeout(over);
      working.close();
    },
  };
}

/** When handlers are told to stop: there must be time left to record what they did. */
function stopAfter(maxMs: number): number {
  return maxMs - Math.min(recordingMs, maxMs / 10);
}

function endAfter(maxMs: number): number {
  return stopAfter(maxMs) + recordingMs;
}

function endedTooSoon(what: string, count: number): WebhookError {
  return new WebhookError(
    'inbox_unavailable',
    `${what} ended before the inbox could record what became of ${count === 1 ? 'a delivery, which' : `${count} deliveries, which`} will be tried again.`,
    { fix: 'Does the store answer? Do handlers stop when context.signal says so? Else give it more time by maxMs.' },
  );
}
