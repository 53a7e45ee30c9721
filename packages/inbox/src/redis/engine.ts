import { setTimeout as pause } from 'node:timers/promises';
import type { DeliveryCounts, DeliveryState } from '@hookproof/core';
import type { Ending, Engine, Lease } from '../engine.ts';
import { invalid, type Settings } from '../options.ts';
import { createArrivals } from './arrivals.ts';
import { isRefusal } from './bullmq.ts';
import type { Link, RedisClient } from './client.ts';
import { failureFields, type Place, placeIn, type Row, reasonOf } from './jobs.ts';
import { keysOf } from './keys.ts';
import { persistenceWarning } from './persistence.ts';
import { createPruner } from './pruning.ts';
import { createQueues, grouped } from './queues.ts';
import { createShelf } from './shelf.ts';
import { createStore } from './storing.ts';
import { createTaker } from './taker.ts';

/** The inbox's store in Redis: queueing, locks, delays and what dashboards show are BullMQ's. */
export function redisEngine(client: RedisClient, link: Link, prefix: string, settings: Settings): Engine<false, never> {
  const { leaseMs, maxAttempts, now, onError } = settings;
  const queues = createQueues(client, link, prefix, settings);
  const keys = keysOf(prefix);
  const shelf = createShelf(link, keys);
  const arrivals = createArrivals(link, keys, shelf, now);
  const pruneOf = createPruner(link, keys, settings);
  let warned = false;

  /** Lets a job of BullMQ take a step; says whether it did. */
  async function step(run: () => Promise<unknown>): Promise<boolean> {
    try {
      await link.ask(run);
      return true;
    } catch (error) {
      if (isRefusal(error)) return false;
      throw error;
    }
  }

  async function settleOne(lease: Lease, ending: Ending): Promise<boolean> {
    const { name, token, attempt } = lease;
    const place = placed(lease);
    const id = place.job;
    const { backend, job } = await queues.of(name);
    const recorded = await step(() => {
      if (ending.outcome === 'handled') return backend.moveToCompleted(job(id), null, false, token, false);
      const fields = failureFields(ending.error, token, attempt);
      if (ending.outcome === 'retried') {
        return backend.moveToDelayed(id, Date.now(), ending.delayMs, token, { fieldsToUpdate: fields });
      }
      return backend.moveToFailed(job(id), reasonOf(ending.error), false, token, false, { ...fields, ats: 0 });
    });
    if (recorded) return true;
    // It may have been done before, by a command whose answer a broken connection lost.
    const [row] = await shelf.read([place]);
    if (ending.outcome !== 'handled') return row?.failedUnder === token;
    return row?.summary.state === 'handled' && row.takenBy === token;
  }

  async function replayOne(row: Row): Promise<number> {
    const { state, name } = row.summary;
    if (state === 'working') return 0;
    const { backend, job } = await queues.of(name);
    const id = row.job;
    if (state === 'handled' || state === 'dead') {
      const from = state === 'dead' ? 'failed' : 'completed';
      const anew = { resetAttemptsMade: true, resetAttemptsStarted: true } as const;
      return (await step(() => backend.retryFinishedJob(job(id), from, anew))) ? 1 : 0;
    }
    if (!(await shelf.startAnew(row))) return 0;
    await step(() => backend.promote(id));
    return 1;
  }

  /** The rows of some deliveries, with those left out that are not there, or in another state than is meant. */
  async function rowsOf(ids: readonly string[], state: DeliveryState | undefined): Promise<readonly Row[]> {
    const places = [...new Set(ids)].map(placeIn).filter((place) => place !== undefined);
    const rows = (await shelf.read(places)).filter((row) => row !== undefined);
    return state === undefined ? rows : rows.filter(({ summary }) => summary.state === state);
  }

  return {
    lanes: false,
    async open() {
      await queues.open();
      await link.open();
      if (warned) return;
      const warning = await persistenceWarning(link);
      warned = true;
      if (warning !== undefined) onError(warning);
    },
    store: createStore(link, queues, arrivals, keys, maxAttempts),
    take: createTaker(link, queues, shelf, keys, settings),

    async keep(leases) {
      const lost = [...grouped(leases)].map(async ([name, held]) => {
        const { backend } = await queues.of(name);
        const [ids, tokens] = [held.map((lease) => placed(lease).job), held.map(({ token }) => token)];
        const gone = await link.ask(() => backend.extendLocks(ids, tokens, Math.ceil(leaseMs)));
        return held.filter((_, index) => gone.includes(ids[index] ?? ''));
      });
      return (await Promise.all(lost)).flat();
    },

    settle: (endings) => Promise.all(endings.map(([lease, ending]) => settleOne(lease, ending))),

    complete() {
      throw invalid('complete() needs sqliteInbox or postgresInbox: redisInbox has no database to share');
    },

    async recover(patient) {
      for (const name of await arrivals.names()) {
        const { backend } = await queues.of(name);
        // A first look marks what is worked on, and a later one gives up what has no lock and was not heard of since.
        await link.ask(() => backend.moveStalledJobsToWait());
        if (patient) continue;
        await pause(5);
        await link.ask(() => backend.moveStalledJobsToWait());
      }
    },

    page: arrivals.page,

    async get(id) {
      const place = placeIn(id);
      return place === undefined ? undefined : shelf.readWhole(place);
    },

    async counts(name): Promise<DeliveryCounts> {
      return shelf.counts(name === undefined ? await arrivals.names() : [name]);
    },

    async replay(ids, state) {
      return sum(await Promise.all((await rowsOf(ids, state)).map(replayOne)));
    },

    async discard(ids, state) {
      const rows = (await rowsOf(ids, state)).filter(({ summary }) => summary.state !== 'working');
      const removed = rows.map(async ({ summary, job }) => {
        const { backend } = await queues.of(summary.name);
        await link.ask(() => backend.remove(job, false));
      });
      await Promise.all(removed);
      return arrivals.forget(rows);
    },

    async prune(handledBefore, limit) {
      let pruned = 0;
      for (const name of await arrivals.names()) {
        if (pruned >= limit) break;
        pruned += await pruneOf(name, handledBefore, limit - pruned);
      }
      return pruned;
    },

    // Redis does so by itself.
    forget: () => 0,

    async close() {
      await queues.close();
      link.close();
    },
  };
}

function placed(lease: Lease): Place {
  const place = placeIn(lease.id);
  if (place === undefined) throw new TypeError(`"${lease.id}" is no id of a delivery`);
  return place;
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, one) => total + one, 0);
}
