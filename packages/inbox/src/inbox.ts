import { randomUUID } from 'node:crypto';
import { setImmediate as nextTurn } from 'node:timers/promises';
import type {
  Awaitable,
  DeliveryFilter,
  DeliverySelection,
  DeliveryState,
  DeliverySummary,
  Inbox,
} from '@hookproof/core';
import { WebhookError } from '@hookproof/core';
import { type DeliveryHeaders, inboxWay, inTime } from '@hookproof/core/inbox';
import { checkNames } from '@hookproof/core/strict';
import { silent, withAnswersInTime } from './answers.ts';
import { withoutCredentials } from './credentials.ts';
import type { Engine, Fresh } from './engine.ts';
import { checkDate, checkFilter, checkGiven } from './filter.ts';
import { gather } from './gather.ts';
import { milliseconds, type Settings } from './options.ts';
import { createWorker } from './worker.ts';

/** Deliveries of one commit, and of one page; keys that are forgotten in one step. */
const batchSize = 500;

/** Deliveries of one step of `replay`, `discard` and `prune`: fewer, because bodies are deleted with them. */
const stepSize = 50;

/** Milliseconds that a store has in any case to let go of its files and connections. */
const leastClosingMs = 200;

/** Bytes of deliveries that may wait to be stored. */
const maxWaitingBytes = 64 * 1024 * 1024;

/** Makes an inbox of an engine. */
export function createInbox<Lanes extends boolean, Completed extends Awaitable<void>>(
  unlimited: Engine<Lanes, Completed>,
  settings: Settings,
): Inbox<(transaction: object) => Completed> & { readonly lanes: Lanes } {
  const { now, retainHandledMs, keepHeaders, storeTimeoutMs, onError } = settings;
  const engine = withAnswersInTime(unlimited, 3 * storeTimeoutMs);
  let opening: Promise<void> | undefined;
  let closing: Promise<void> | undefined;
  let waitingBytes = 0;
  const store = gather((deliveries: readonly Fresh[]) => engine.store(deliveries), batchSize);
  const worker = createWorker(engine, settings, ready);

  /** The store, opened at the first call, and again where that failed. */
  async function ready(): Promise<void> {
    opening ??= (async () => engine.open(worker.wake))();
    try {
      await opening;
    } catch (error) {
      opening = undefined;
      throw error;
    }
  }

  function checkOpen(): void {
    if (closing !== undefined) throw new WebhookError('inbox_unavailable', 'The inbox is closed.');
  }

  async function usable(): Promise<void> {
    checkOpen();
    await ready();
  }

  /** Long work is done in steps, between which the process gets to its deliveries. */
  async function nextStep(): Promise<void> {
    await nextTurn();
    await usable();
  }

  async function* list(given: DeliveryFilter = {}): AsyncGenerator<DeliverySummary> {
    const filter = checkFilter(given);
    let from: string | undefined;
    do {
      await nextStep();
      const page = await engine.page(filter, from, batchSize);
      yield* page.deliveries;
      from = page.next;
    } while (from !== undefined);
  }

  /** Does something with one delivery or with all that a filter names. Dead ones are meant, unless it says otherwise. */
  async function withEach(
    which: string | DeliverySelection,
    step: (ids: readonly string[], state: DeliveryState | undefined) => Awaitable<number>,
  ): Promise<number> {
    await usable();
    if (typeof which === 'string') return step([which], undefined);
    const filter = checkFilter(which);
    checkGiven('a filter', which, 'leave it out where all are meant');
    // All of them first: what is done to one changes the list.
    const ids: string[] = [];
    const { state = 'dead' } = filter;
    for await (const { id } of list({ ...filter, state })) ids.push(id);
    let done = 0;
    for (let start = 0; start < ids.length; start += stepSize) {
      await nextStep();
      // Those that somebody has replayed in the meantime are no longer meant.
      done += await step(ids.slice(start, start + stepSize), state);
    }
    return done;
  }

  /** Deletes in steps of up to so many, until a step finds fewer; returns how many in all. */
  async function inSteps(size: number, step: () => Awaitable<number>): Promise<number> {
    for (let all = 0; ; ) {
      await nextStep();
      const done = await step();
      all += done;
      if (done < size) return all;
    }
  }

  async function prune(handledBefore: number): Promise<number> {
    const pruned = await inSteps(stepSize, () => engine.prune(handledBefore, stepSize));
    await inSteps(batchSize, () => engine.forget(batchSize));
    return pruned;
  }

  worker.every(60 * 60 * 1_000, () => prune(now() - retainHandledMs));

  return {
    way: inboxWay,
    lanes: engine.lanes,
    register: (receiver) => {
      checkOpen();
      worker.register(receiver);
    },
    async accept(given) {
      checkOpen();
      const { name, owner, type, lane, body } = given;
      const headers = withoutCredentials(given.headers, keepHeaders);
      // A store that is out of reach must not fill the memory with what waits for it.
      const length = sizeOf(headers, body);
      if (waitingBytes > 0 && waitingBytes + length > maxWaitingBytes) {
        throw new WebhookError('inbox_unavailable', 'Too many deliveries wait for the store of the inbox.');
      }
      waitingBytes += length;
      try {
        await ready();
        // Without a key every delivery is an event of its own.
        const key = given.key ?? `own:${randomUUID()}`;
        const accepted = await store.add({ name, owner, key, type, lane, headers, body, receivedAt: now() });
        // The reply goes first: handlers of this process must not keep it waiting.
        if (accepted.isNew) setImmediate(worker.wake);
        return accepted;
      } finally {
        waitingBytes -= length;
      }
    },
    list,
    async get(id) {
      await usable();
      return engine.get(id);
    },
    async known(name, keys) {
      const found = new Set<string>();
      for (let start = 0; start < keys.length; start += batchSize) {
        await nextStep();
        const some = keys.slice(start, start + batchSize);
        const answers = await engine.known(name, some);
        for (const [index, key] of some.entries()) if (answers[index]) found.add(key);
      }
      return found;
    },
    async counts(name) {
      await usable();
      return engine.counts(name);
    },
    async replay(which) {
      const replayed = await withEach(which, (ids, state) => engine.replay(ids, state));
      worker.wake();
      return replayed;
    },
    discard: (which) => withEach(which, (ids, state) => engine.discard(ids, state)),
    async prune(options = {}) {
      const { handledBefore } = checkNames('prune', options, { handledBefore: true });
      checkGiven('prune', options, 'leave it out where what was handled retainHandledMs ago is meant');
      if (handledBefore !== undefined) checkDate('handledBefore of prune', handledBefore);
      return prune(handledBefore?.getTime() ?? now() - retainHandledMs);
    },
    async drain(options = {}) {
      const { maxMs = 10_000 } = checkNames('drain', options, { maxMs: true });
      milliseconds('maxMs', maxMs);
      await usable();
      return worker.drain(maxMs);
    },
    // Not async, so that who calls it again gets the same promise.
    close(options = {}) {
      const { maxMs = 20_000 } = checkNames('close', options, { maxMs: true });
      milliseconds('maxMs', maxMs);
      closing ??= (async () => {
        const until = performance.now() + maxMs;
        await worker.close(maxMs);
        const letGo = async () => {
          await store.idle();
          // One that never opened has nothing to let go.
          if (opening !== undefined) await engine.close();
        };
        const over = Symbol('over');
        const left = Math.max(leastClosingMs, until - performance.now());
        await inTime(letGo(), left, () => over).catch((error) => {
          if (error !== over) throw error;
          onError(silent('let go', left));
        });
      })();
      return closing;
    },
  };
}

/** Roughly what a delivery takes in memory. */
function sizeOf(headers: DeliveryHeaders, body: Uint8Array): number {
  let size = 1_024 + body.length;
  for (const [name, value] of headers) size += name.length + value.length;
  return size;
}
