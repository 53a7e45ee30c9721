import type { Awaitable, WorkOutcome } from '@hookproof/core';
import { WebhookError } from '@hookproof/core';
import { type InboxReceiver, inTime, isProduction } from '@hookproof/core/inbox';
import { startAttempt } from './attempt.ts';
import type { Ending, Engine, Lease, Turn } from './engine.ts';
import { gather } from './gather.ts';
import { createHeld } from './held.ts';
import { invalid, type Settings } from './options.ts';
import { shareOut } from './turns.ts';

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
  const { concurrency, leaseMs, pollMs, onError } = settings;
  const receivers = new Map<string, InboxReceiver<(transaction: object) => Completed>>();
  const replaced = new Set<string>();
  const working = createHeld(engine, settings);
  const chores: { readonly ms: number; readonly run: () => unknown }[] = [
    { ms: leaseMs / 4, run: () => recover(true) },
  ];
  const timers: NodeJS.Timeout[] = [];
  const settling = gather((endings: readonly (readonly [Lease, Ending])[]) => engine.settle(endings), 500);
  let started = false;
  let closed = false;
  let taking: Promise<number> | undefined;
  /** Receivers that had more to do than they got, and who was first at the last look. */
  let hungry: ReadonlySet<string> = new Set();
  let turn = 0;
  /** Whether something became due while the store was asked. */
  let again = false;
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

  /** Asks for each receiver, until nothing is due that may have a slot. */
  async function takeSome(): Promise<number> {
    // Handlers that end in one turn of the event loop make room together.
    await new Promise((resolve) => setImmediate(resolve));
    let taken = 0;
    const names = [...receivers.keys()];
    const first = turn++ % Math.max(1, names.length);
    // Not always the same one first: there may be room for one only.
    let open = [...names.slice(first), ...names.slice(0, first)];
    const more = new Set<string>();
    for (let pass = 0; pass <= names.length && open.length > 0 && !closed; pass += 1) {
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
  }

  async function takeTurns(turns: readonly Turn[], limit: number): Promise<readonly Lease[]> {
    const asked = performance.now();
    const leases = await engine.take(turns, limit);
    // An answer that took so long may be about leases that are over: nothing begins that another worker may have.
    const lost = performance.now() - asked > leaseMs / 2 ? await engine.keep(leases) : [];
    const held = leases.filter(({ id }) => !lost.some((lease) => lease.id === id));
    for (const lease of held) start(lease);
    return held;
  }

  /** How many handlers may begin. What is being recorded needs none, but must not pile up while the store is slow. */
  function slots(): { readonly free: number; readonly held: ReadonlyMap<string, number> } {
    const held = new Map([...receivers.keys()].map((name) => [name, 0]));
    let handling = 0;
    for (const { lease, isHandling } of working.all()) {
      if (!isHandling()) continue;
      handling += 1;
      held.set(lease.name, (held.get(lease.name) ?? 0) + 1);
    }
    return { free: Math.min(concurrency - handling, 2 * concurrency - working.size), held };
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
    const attempt = startAttempt(lease, receiver, engine, settle, wake, settings);
    working.add(attempt);
    if (stopped !== undefined) attempt.end(stopped);
    attempt.ended
      .then((outcome) => {
        if (tally !== undefined) tally[outcome] += 1;
      }, onError)
      .finally(() => {
        working.remove(attempt);
        wake();
      });
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

  function wake(): void {
    if (!started || closed) return;
    fill().catch(onError);
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
    };
    try {
      const timeIsOver = Symbol('over');
      await inTime(workOff(), endAfter(maxMs), () => timeIsOver).catch((error) => {
        if (error !== timeIsOver) throw error;
        const storeIsSilent = taking !== undefined || working.all().some(({ isHandling }) => !isHandling());
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
