import { WebhookError } from '@hookproof/core';
import { textIn } from '../columns.ts';
import type { Engine, Lease } from '../engine.ts';
import { invalid, type Settings } from '../options.ts';
import { type PostgresPool, type PostgresQueries, runsQueries, transaction } from './client.ts';
import { storeAll } from './deliveries.ts';
import { type Lane, lanesOf } from './lanes.ts';
import { countsOf, discardAll, forgetSome, oneOf, pageOf, pruneSome, replayAll } from './managing.ts';
import { migrate } from './migrations.ts';
import { leaveLane, prolong, recoverAll } from './recovery.ts';
import { settleAll } from './settling.ts';
import type { Store } from './store.ts';
import { takerOf } from './taking.ts';
import { ticketsOf } from './tickets.ts';

/** Where things are in the database. */
export interface Places {
  readonly schema: string;
  readonly bossSchema: string;
  readonly queuePrefix: string;
}

/**
 * The inbox's store in Postgres. A delivery is a row of a table of its own; what is due has a ticket in pg-boss, which
 * hands each to one worker. Both change in one transaction. Every time is the database's.
 */
export function postgresEngine(pool: PostgresPool, places: Places, settings: Settings): Engine<true, Promise<void>> {
  const { schema, bossSchema, queuePrefix } = places;
  const table = `"${schema}".inbox_deliveries`;
  const keys = `"${schema}".inbox_keys`;
  const lanes = lanesOf(schema, table);
  const { work, onError } = settings;
  const tickets = ticketsOf(pool, { schema: bossSchema, queuePrefix }, { supervise: work, onError });
  const store: Store = { pool, table, keys, lanes, tickets, settings };
  const take = takerOf(store);
  const laneOf = new WeakMap<Lease, Lane>();
  /** Deliveries in a lane for which `complete` was called. */
  const completed = new Set<string>();
  // pg tells more than the error.
  const report = (error: unknown) => onError(error);

  async function checkDurable(): Promise<void> {
    const { rows } = await pool.query(`SELECT 1 WHERE current_setting('fsync') = 'off'`);
    if (rows.length === 0) return;
    onError(
      new Error(
        'This Postgres runs with fsync = off: when its machine stops, deliveries that were answered with 202 may be lost. Set fsync = on in postgresql.conf.',
      ),
    );
  }

  return {
    lanes: true,

    async open() {
      // A connection that breaks while nobody uses it is no reason to end the process.
      pool.off('error', report);
      pool.on('error', report);
      await tickets.open();
      try {
        await migrate(pool, schema);
        await checkDurable();
      } catch (error) {
        await tickets.close();
        throw error;
      }
    },

    async store(deliveries) {
      await tickets.ready([...new Set(deliveries.map(({ name }) => name))]);
      return transaction(pool, async (on) => {
        const stored = await storeAll(on, store, `"${schema}".inbox_deliveries_seq_seq`, deliveries);
        await tickets.send(on, stored.tickets);
        return stored.accepted;
      });
    },

    async take(turns, limit) {
      const names = turns.map(({ name }) => name);
      const taken = await take(names, limit);
      for (const { lease, lane } of taken) if (lane !== undefined) laneOf.set(lease, lane);
      return taken.map(({ lease }) => lease);
    },

    keep: (leases) => prolong(store, leases),

    settle: (endings) =>
      transaction(pool, (on) =>
        settleAll(
          store,
          on,
          endings.map(([lease, ending]) => ({ lease, ending, lane: laneOf.get(lease) })),
        ),
      ),

    async complete(lease, transaction, recorded) {
      if (!runsQueries(transaction) || transaction === pool) throw invalid(wrongClient);
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

    counts: (name) => countsOf(store, name),
    replay: (ids, state) => replayAll(store, ids, state),
    discard: (ids, state) => discardAll(store, ids, state),
    prune: (handledBefore, limit) => pruneSome(store, handledBefore, limit),
    forget: (limit) => forgetSome(store, limit),

    async close() {
      pool.off('error', report);
      await tickets.close();
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
