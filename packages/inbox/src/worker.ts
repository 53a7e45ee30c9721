import type { Awaitable, WorkOutcome } from '@hookproof/core';
import { WebhookError } from '@hookproof/core';
import { type InboxReceiver, isProduction } from '@hookproof/core/inbox';
import { type Running, startAttempt } from './attempt.ts';
import type { Ending, Engine, Lease } from './engine.ts';
import { gather } from './gather.ts';
import { invalid, type Settings } from './options.ts';

/** Timers may fire this much too early, in milliseconds; what they wake for would not be due yet. */
const timerSlackMs = 5;

type Tally = Record<WorkOutcome, number>;

/** Works off what an engine holds for the receivers that are registered. */
export interface Worker<Completed extends Awaitable<void>> {
  register(receiver: InboxReceiver<(transaction: object) => Completed>): void;
  /** Looks for work now: something may be due. */
  wake(): void;
  /** Has something done now and then while this process works. */
  every(ms: number, run: () => unknown): void;
  drain(maxMs: number): Promise<Tally>;
  close(maxMs: number): Promise<void>;
}

/** Makes the worker of an inbox; `ready` opens the store. */
export function createWorker<Completed extends Awaitable<void>>(
  engine: Engine<boolean, Completed>,
  settings: Settings,
  ready: () => Promise<void>,
): Worker<Completed> {
  const { concurrency, leaseMs, pollMs, onError } = settings;
  const receivers = new Map<string, InboxReceiver<(transaction: object) => Completed>>();
  const replaced = new Set<string>();
  const running = new Map<string, Running>();
  const chores: { readonly ms: number; readonly run: () => unknown }[] = [
    { ms: leaseMs / 4, run: () => recover(true) },
  ];
  const timers: NodeJS.Timeout[] = [];
  const settling = gather((endings: readonly (readonly [Lease, Ending])[]) => engine.settle(endings), 500);
  let started = false;
  let closed = false;
  let taking: Promise<number> | undefined;
  /** Whether something became due while the store was asked. */
  let again = false;
  let heartbeat: NodeJS.Timeout | undefined;
  let heardAt = 0;
  /** Whether the store owes an answer about leases. */
  let asking = false;
  let tally: Tally | undefined;
  let draining: Promise<Tally> | undefined;
  /** Why what runs is stopped, and what still begins as well. */
  let stopped: WebhookError | undefined;

  /** Leases as much as there is room for, and says how much that was. */
  function fill(): Promise<number> {
    again = taking !== undefined;
    taking ??= takeSome().finally(() => {
      taking = undefined;
      if (again) wake();
    });
    return taking;
  }

  async function takeSome(): Promise<number> {
    const room = concurrency - running.size;
    if (room <= 0 || closed || receivers.size === 0) return 0;
    await ready();
    const asked = performance.now();
    const leases = await engine.take([...receivers.keys()], room);
    // An answer that took so long may be about leases that are over: nothing begins that another worker may have.
    const lost = performance.now() - asked > leaseMs / 2 ? await engine.keep(leases) : [];
    const held = leases.filter(({ id }) => !lost.some((lease) => lease.id === id));
    for (const lease of held) start(lease);
    return held.length;
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

  function start(lease: Lease): void {
    const receiver = receivers.get(lease.name);
    if (receiver === undefined) return;
    const attempt = startAttempt(lease, receiver, engine, settle, settings);
    const mark = `${lease.id} ${lease.token}`;
    running.set(mark, attempt);
    if (stopped !== undefined) attempt.end(stopped);
    if (heartbeat === undefined) {
      heardAt = performance.now();
      heartbeat = setInterval(beat, leaseMs / 3);
    }
    attempt.ended
      .then((outcome) => {
        if (tally !== undefined) tally[outcome] += 1;
      }, onError)
      .finally(() => {
        running.delete(mark);
        if (running.size === 0) {
          clearInterval(heartbeat);
          heartbeat = undefined;
        }
        wake();
      });
  }

  /** The ends of all that is being worked on. */
  function ends(): readonly Promise<WorkOutcome>[] {
    return [...running.values()].map(({ ended }) => ended);
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

  /** Tells the store that this process lives; stops what it no longer holds, or may no longer hold. */
  async function beat(): Promise<boolean> {
    if (running.size === 0) return true;
    // The store does not even fail, but says nothing.
    if (asking) stopWhereLate();
    asking = true;
    try {
      for (const { id, token } of await engine.keep([...running.values()].map(({ lease }) => lease))) {
        const lost = running.get(`${id} ${token}`);
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

  function stopWhereLate(): void {
    if (performance.now() - heardAt >= leaseMs) for (const { stop } of running.values()) stop(lostLease());
  }

  /** After a pause of the whole process its own leases look silent too: it speaks before it listens. */
  async function recover(patient: boolean): Promise<void> {
    if (await beat()) await engine.recover(patient);
  }

  function wake(): void {
    if (!started || closed) return;
    fill().then((taken) => {
      if (taken > 0 && running.size < concurrency) wake();
    }, onError);
  }

  function startWorking(): void {
    if (started || closed) return;
    started = true;
    timers.push(setInterval(wake, pollMs));
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
    const until = performance.now() + maxMs;
    const counted: Tally = { handled: 0, retried: 0, dead: 0 };
    tally = counted;
    // In a process that works anyway, what runs is not this call's to stop.
    const over = started ? undefined : setTimeout(() => stopAll('The time of drain() is over.'), maxMs);
    try {
      await recover(started);
      while (performance.now() < until) {
        const taken = await fill();
        if (taken === 0 && running.size === 0) break;
        if (running.size > 0) await Promise.race(ends());
      }
      await Promise.allSettled(ends());
    } finally {
      clearTimeout(over);
      if (!closed) stopped = undefined;
      tally = undefined;
    }
    return counted;
  }

  function stopAll(why: string): void {
    stopped = new WebhookError('handler_timeout', `${why} The event will be tried again.`);
    for (const { end } of running.values()) end(stopped);
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
      const over = setTimeout(() => stopAll('The inbox is closing.'), maxMs);
      await taking?.catch(onError);
      await Promise.allSettled(ends());
      clearTimeout(over);
      clearInterval(heartbeat);
      await settling.idle();
    },
  };
}

function lostLease(): WebhookError {
  return new WebhookError('lease_lost', 'Another worker has this delivery, or will have it soon.', {
    fix: 'Is the event loop blocked, or the store out of reach, for longer than leaseMs?',
  });
}
