import { randomUUID } from 'node:crypto';
import type { DeliveryFilter, DeliverySummary, Inbox } from '@hookproof/core';
import { WebhookError } from '@hookproof/core';
import type { Engine, Fresh } from './engine.ts';
import { gather } from './gather.ts';
import { invalid, milliseconds, type Settings } from './options.ts';
import { createWorker } from './worker.ts';

/** Deliveries of one commit, of one page, and of one step of `replay`, `discard` and `prune`. */
const batchSize = 500;

/** Bytes of bodies that may wait to be stored. */
const maxWaitingBytes = 64 * 1024 * 1024;

/** Makes an inbox of an engine. */
export function createInbox(engine: Engine, settings: Settings): Inbox {
  const { now, retainHandledMs } = settings;
  let opening: Promise<void> | undefined;
  let closing: Promise<void> | undefined;
  let waitingBytes = 0;
  const store = gather((deliveries: readonly Fresh[]) => engine.store(deliveries), batchSize);
  const worker = createWorker(engine, settings, ready);

  /** The store, opened at the first call, and again where that failed. */
  async function ready(): Promise<void> {
    opening ??= (async () => engine.open())();
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

  /** Long work is done in steps, between which the process gets to its deliveries. */
  async function nextTurn(): Promise<void> {
    await new Promise((resolve) => setImmediate(resolve));
    checkOpen();
    await ready();
  }

  async function* list(filter: DeliveryFilter = {}): AsyncGenerator<DeliverySummary> {
    let from: string | undefined;
    do {
      await nextTurn();
      const page = await engine.page(filter, from, batchSize);
      yield* page.deliveries;
      from = page.next;
    } while (from !== undefined);
  }

  /** Does something with one delivery or with all that a filter names. Dead ones are meant, unless it says otherwise. */
  async function withEach(
    which: string | DeliveryFilter,
    step: (ids: readonly string[]) => number | Promise<number>,
  ): Promise<number> {
    checkOpen();
    await ready();
    if (typeof which === 'string') return step([which]);
    if (typeof which !== 'object' || which === null) throw invalid('give the id of a delivery, or a filter');
    // All of them first: what is done to one changes the list.
    const ids: string[] = [];
    for await (const { id } of list({ ...which, state: which.state ?? 'dead' })) ids.push(id);
    let done = 0;
    for (let start = 0; start < ids.length; start += batchSize) {
      await nextTurn();
      done += await step(ids.slice(start, start + batchSize));
    }
    return done;
  }

  async function prune(handledBefore: number): Promise<number> {
    let pruned = 0;
    let step: number;
    do {
      await nextTurn();
      step = await engine.prune(handledBefore, batchSize);
      pruned += step;
    } while (step === batchSize);
    return pruned;
  }

  worker.every(60 * 60 * 1_000, () => prune(now() - retainHandledMs));

  return {
    lanes: engine.lanes,
    register: (receiver) => {
      checkOpen();
      worker.register(receiver);
    },
    async accept(delivery) {
      checkOpen();
      // A store that is out of reach must not fill the memory with what waits for it.
      const { length } = delivery.body;
      if (waitingBytes + length > maxWaitingBytes) {
        throw new WebhookError('inbox_unavailable', 'Too many deliveries wait for the store of the inbox.');
      }
      waitingBytes += length;
      try {
        await ready();
        // Without a key every delivery is an event of its own.
        const key = delivery.key ?? `own:${randomUUID()}`;
        const accepted = await store.add({ ...delivery, key, receivedAt: now() });
        // The reply goes first: handlers of this process must not keep it waiting.
        if (accepted.isNew) setImmediate(worker.wake);
        return accepted;
      } finally {
        waitingBytes -= length;
      }
    },
    list,
    async get(id) {
      checkOpen();
      await ready();
      return engine.get(id);
    },
    async counts(name) {
      checkOpen();
      await ready();
      return engine.counts(name);
    },
    async replay(which) {
      const replayed = await withEach(which, (ids) => engine.replay(ids));
      worker.wake();
      return replayed;
    },
    discard: (which) => withEach(which, (ids) => engine.discard(ids)),
    prune: ({ handledBefore } = {}) => prune(handledBefore?.getTime() ?? now() - retainHandledMs),
    async drain({ maxMs = 10_000 } = {}) {
      checkOpen();
      milliseconds('maxMs', maxMs);
      await ready();
      return worker.drain(maxMs);
    },
    close({ maxMs = 30_000 } = {}) {
      closing ??= (async () => {
        await worker.close(maxMs);
        await store.idle();
        // One that never opened has nothing to let go.
        if (opening !== undefined) await engine.close();
      })();
      return closing;
    },
  };
}
