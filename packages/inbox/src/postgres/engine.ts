import { WebhookError } from '@hookproof/core';
import { textIn } from '../columns.ts';
import type { Engine, Lease } from '../engine.ts';
import { invalid, type Settings } from '../options.ts';
import { announcementsOf, noAnnouncements } from './announcing.ts';
import { type PostgresPool, type PostgresQueries, runsQueries, transaction } from './client.ts';
import { storeAll } from './deliveries.ts';
import { type Lane, lanesOf } from './lanes.ts';
import { limitedPool } from './limits.ts';
import { countsOf, discardAll, forgetSome, knownAmong, oneOf, pageOf, pruneSome, replayAll } from './managing.ts';
import { migrate } from './migrations.ts';
import { listenForBreaks, ownPoolLike } from './own-pool.ts';
import { leaveLane, prolong, recoverAll } from './recovery.ts';
import { settleAll } from './settling.ts';
import { alone, isPlain, type Store } from './store.ts';
import { release, takeDue } from './taking.ts';

/** How many times longer than an answer may take what goes through much, and what makes the tables new. */
const patience = { managing: 10, migrating: 100 };

/**
 * The inbox's store in Postgres: one table, of which each process takes what is due and what no other is taking. Every
 * time is the database's.
 */
export function postgresEngine(given: PostgresPool, schema: string, settings: Settings): Engine<true, Promise<void>> {
  const { work, onError, storeTimeoutMs } = settings;
  const own = ownPoolLike(given, storeTimeoutMs);
  const pool = limitedPool(own ?? given, storeTimeoutMs, own !== undefined);
  const table = `"${schema}".inbox_deliveries`;
  const store: Store = {
    pool,
    patient: pool.patient(patience.managing),
    table,
    keys: `"${schema}".inbox_keys`,
    sequence: `"${schema}".inbox_deliveries_seq_seq`,
    lanes: lanesOf(schema, table),
    settings,
    plain: false,
  };
  const announcements = own === undefined ? noAnnouncements() : announcementsOf(pool, schema);
  const laneOf = new WeakMap<Lease, Lane>();
  /** Deliveries in a lane for which `complete` was called. */
  const completed = new Set<string>();
  // pg tells more than the error.
  const report = (error: unknown) => onError(error);
  let stopListening: (() => void) | undefined;

  async function checkDurable(): Promise<void> {
    const { rows } = await pool.query(`SELECT 1 WHERE current_setting('fsync') = 'off'`);
    if (rows.length === 0) return;
    onError(
      new Error(
        'This Postgres runs with fsync = off: when its machine stops, deliveries that were answered with 202 may be lost. Set fsync = on in postgresql.conf.',
      ),
    );
  }

  /** A connection that breaks, whoever has it, is no reason to end the process. */
  function listenToPools(): void {
    if (stopListening !== undefined) return;
    const stops = [given, ...(own === undefined ? [] : [own])].map((one) => {
      one.on('error', report);
      const stop = listenForBreaks(one);
      return () => {
        one.off('error', report);
        stop();
      };
    });
    stopListening = () => {
      for (const stop of stops) stop();
    };
  }

  return {
    lanes: true,

    async open(due) {
      listenToPools();
      await migrate(pool.patient(patience.migrating), schema);
      store.plain = await isPlain(pool);
      await checkDurable();
      if (work) announcements.listen(due);
    },

    async store(deliveries) {
      const accepted = await storeAll(store, deliveries);
      if (accepted.some(({ isNew }) => isNew)) announcements.announce();
      return accepted;
    },

    async take(turns, limit) {
      const taken = await takeDue(store, turns, limit);
      for (const { lease, lane } of taken) if (lane !== undefined) laneOf.set(lease, lane);
      return taken.map(({ lease }) => lease);
    },

    release: (leases) => release(store, leases),
    keep: (leases) => prolong(store, leases),

    settle(endings) {
      const ended = endings.map(([lease, ending]) => ({ lease, ending, lane: laneOf.get(lease) }));
      const inLanes = ended.some(({ lane }) => lane !== undefined);
      if (!inLanes) return settleAll(store, alone(store), ended);
      return transaction(pool, (on) => settleAll(store, on, ended));
    },

    async complete(lease, transaction, recorded) {
      if (!runsQueries(transaction) || transaction === given) throw invalid(wrongClient);
      if (await isAlone(transaction)) throw invalid(wrongClient);
      const [held] = await settleAll(store, transaction, [{ lease, ending: { outcome: 'handled' }, lane: undefined }]);
      if (held === true && laneOf.has(lease)) completed.add(lease.id);
      if (held === true) return recorded();
      throw new WebhookError('lease_lost', 'complete(): another worker has this delivery, or it was settled before.', {
        fix: 'Let this error roll the transaction back.',
      });
    },

    recover: () => recoverAll(store),
    page: (filter, from, limit) => pageOf(store, filter, from, limit),

    async get(id) {
      const found = await oneOf(store, id);
      // The worker asks for it when the handler has ended: whether its transaction was committed is known now.
      if (completed.has(id)) {
        if (found?.state === 'handled') await leaveLane(store, id);
        completed.delete(id);
      }
      return found;
    },

    known: (name, keys) => knownAmong(store, name, keys),
    counts: (name) => countsOf(store, name),

    async replay(ids, state) {
      const replayed = await replayAll(store, ids, state);
      if (replayed > 0) announcements.announce();
      return replayed;
    },

    discard: (ids, state) => discardAll(store, ids, state),
    prune: (handledBefore, limit) => pruneSome(store, handledBefore, limit),
    forget: (limit) => forgetSome(store, limit),

    async close() {
      await announcements.close();
      await own?.end();
      stopListening?.();
      stopListening = undefined;
    },
  };
}

const wrongClient =
  'complete() of a postgresInbox takes the client with which the handler writes, after its BEGIN: const client = await pool.connect()';

/** Whether there is no transaction: each statement is one of its own then, and has its time. */
async function isAlone(on: PostgresQueries): Promise<boolean> {
  const { rows } = await on.query('SELECT (now() = statement_timestamp())::text AS alone');
  return textIn(rows[0], 'alone') === 'true';
}
