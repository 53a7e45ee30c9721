import { setTimeout as pause } from 'node:timers/promises';
import type { DeliveryCounts, DeliveryState } from '@hookproof/core';
import type { Ending, Engine, Lease } from '../engine.ts';
import { invalid, type Settings } from '../options.ts';
import { createArrivals } from './arrivals.ts';
import { type Link, listIn, orThrow } from './client.ts';
import { createDiscarder } from './discarding.ts';
import { grouped } from './grouped.ts';
import { failureFields, type Place, placeIn, placeOf, type Row, reasonOf } from './jobs.ts';
import { keysOf } from './keys.ts';
import { persistenceWarning } from './persistence.ts';
import { createPruner } from './pruning.ts';
import { createQueues } from './queues.ts';
import { type Step, stepOf } from './recorder.ts';
import { createShelf } from './shelf.ts';
import { createStore } from './storing.ts';
import { createTaker } from './taker.ts';

/** The inbox's store in Redis: queueing, locks, delays and what dashboards show are BullMQ's. */
export function redisEngine(link: Link, prefix: string, settings: Settings): Engine<false, never> {
  const { leaseMs, maxAttempts, now, onError } = settings;
  const queues = createQueues(prefix, settings);
  const keys = keysOf(prefix);
  const shelf = createShelf(link, keys);
  const arrivals = createArrivals(link, keys, shelf);
  const pruneOf = createPruner(link, keys, settings);
  let warned = false;

  function endingOf({ name, token, attempt }: Lease, { job: id }: Place, ending: Ending): Promise<Step> {
    const queue = queues.of(name);
    // With no attempts left BullMQ tells its listeners of a job that fails that its retries are exhausted.
    const job = { id, opts: { attempts: 0 } };
    if (ending.outcome === 'handled') return stepOf(queue.moveToCompleted(job, null, false, token, false));
    const fields = failureFields(ending.error, token, attempt);
    if (ending.outcome === 'retried') {
      return stepOf(queue.moveToDelayed(id, Date.now(), ending.delayMs, token, { fieldsToUpdate: fields }));
    }
    return stepOf(queue.moveToFailed(job, reasonOf(ending.error), false, token, false, { ...fields, ats: 0 }));
  }

  /** Has jobs take steps; says of each whether it did, and not where it is gone, or elsewhere, or another worker's. */
  async function move(steps: readonly Promise<Step>[]): Promise<readonly boolean[]> {
    const replies = await link.steps(await Promise.all(steps));
    return replies.map((reply) => {
      const code = Number(orThrow(reply));
      if (code >= 0) return true;
      if (refusals.has(code)) return false;
      throw new TypeError(`BullMQ refused a step with its code ${code}`);
    });
  }

  async function replayAll(rows: readonly Row[]): Promise<number> {
    const anew = { resetAttemptsMade: true, resetAttemptsStarted: true } as const;
    const finished = rows.filter(({ summary: { state } }) => state === 'handled' || state === 'dead');
    const retries = finished.map(({ job: id, summary: { name, state } }) => {
      const from = state === 'dead' ? 'failed' : 'completed';
      return stepOf(queues.of(name).retryFinishedJob({ id, opts: { attempts: 0 } }, from, anew));
    });
    const retried = await move(retries);
    const waiting = rows.filter(({ summary }) => summary.state === 'waiting');
    const begun = await Promise.all(waiting.map(shelf.startAnew));
    const promoted = waiting.filter((_, index) => begun[index]);
    await move(promoted.map(({ job, summary: { name } }) => stepOf(queues.of(name).promote(job))));
    return retried.filter(Boolean).length + promoted.length;
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
    store: createStore(link, queues, keys, maxAttempts, now),
    ...createTaker(link, queues, keys, settings),

    async keep(leases) {
      const groups = [...grouped(leases, ({ name }) => name)];
      const steps = groups.map(([name, held]) => {
        const [ids, tokens] = [held.map((lease) => placed(lease).job), held.map(({ token }) => token)];
        return stepOf(queues.of(name).extendLocks(ids, tokens, Math.ceil(leaseMs)));
      });
      const replies = await link.steps(await Promise.all(steps));
      const lost = replies.map((reply) => new Set(listIn(orThrow(reply))));
      return groups.flatMap(([, held], index) => held.filter((lease) => lost[index]?.has(placed(lease).job)));
    },

    async settle(endings) {
      const places = endings.map(([lease]) => placed(lease));
      const recorded = await move(
        endings.map(([lease, ending], index) => endingOf(lease, places[index] ?? placed(lease), ending)),
      );
      // What was refused may have been done before, by a command whose answer a broken connection lost.
      const rows = await shelf.read(places.filter((_, index) => !recorded[index]));
      const found = new Map(rows.map((row) => [row?.id, row]));
      return endings.map(([{ id, token }, { outcome }], index) => {
        const row = found.get(id);
        if (recorded[index]) return true;
        return outcome === 'handled'
          ? row?.summary.state === outcome && row.takenBy === token
          : row?.failedUnder === token;
      });
    },

    complete() {
      throw invalid('complete() needs sqliteInbox or postgresInbox: redisInbox has no database to share');
    },

    async recover(patient) {
      const look = async () => {
        const steps = (await arrivals.names()).map((name) => stepOf(queues.of(name).moveStalledJobsToWait()));
        for (const reply of await link.steps(await Promise.all(steps))) orThrow(reply);
      };
      // A first look marks what is worked on, and a later one gives up what has no lock and was not heard of since.
      await look();
      if (patient) return;
      await pause(5);
      await look();
    },

    page: arrivals.page,

    async get(id) {
      const place = placeIn(id);
      return place === undefined ? undefined : shelf.readWhole(place);
    },

    async known(name, some) {
      const found = await link.commands(
        some.map((key) => placeOf(name, key)).map((place) => ['exists', keys.job(place), keys.known(place)]),
      );
      return found.map((count) => Number(count) > 0);
    },

    async counts(name): Promise<DeliveryCounts> {
      return shelf.counts(name === undefined ? await arrivals.names() : [name]);
    },

    replay: async (ids, state) => replayAll(await rowsOf(ids, state)),

    discard: createDiscarder(link, keys),

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

    close: link.close,
  };
}

/** Codes with which BullMQ says that a job is gone, or elsewhere, or another worker's. */
const refusals: ReadonlySet<number> = new Set([-1, -2, -3, -6]);

function placed(lease: Lease): Place {
  const place = placeIn(lease.id);
  if (place === undefined) throw new TypeError(`"${lease.id}" is not an id of a delivery`);
  return place;
}
