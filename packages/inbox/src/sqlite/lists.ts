import type { DeliveryCounts, DeliveryFilter, DeliveryState, StoredDelivery } from '@hookproof/core';
import { optionalTextIn, textIn } from '../columns.ts';
import type { Engine, Page } from '../engine.ts';
import type { Settings } from '../options.ts';
import { stateOf } from '../states.ts';
import type { SqliteValue } from './database.ts';
import { laneIsHeld, leaveLane } from './lanes.ts';
import { bytesIn, headersIn, isRow, numberIn, summaryColumns, summaryOf } from './rows.ts';
import type { Transactions } from './transactions.ts';

/** Rows that are looked at for one page of a list. */
const rowsPerPage = 20_000;

/** What operators see and do. */
export function sqliteLists(
  { sql, reading, transaction }: Transactions,
  { now, retainKeysMs }: Settings,
): Pick<Engine, 'page' | 'get' | 'known' | 'counts' | 'replay' | 'discard' | 'prune' | 'forget'> {
  /** The row of a delivery that nobody works on, where it is in the state that is meant. */
  function idle(id: string, wanted: DeliveryState | undefined): unknown {
    const row = sql('SELECT seq, name, lane, in_lane, state FROM hookproof_deliveries WHERE seq = ?').get(seqOf(id));
    if (!isRow(row)) return undefined;
    const state = textIn(row, 'state');
    return state === 'working' || (wanted !== undefined && state !== wanted) ? undefined : row;
  }

  function replayOne(id: string, state: DeliveryState | undefined): number {
    const row = idle(id, state);
    if (row === undefined) return 0;
    const seq = numberIn(row, 'seq');
    const lane = optionalTextIn(row, 'lane');
    if (numberIn(row, 'in_lane') === 0 && lane !== undefined) {
      const parked = laneIsHeld(sql, textIn(row, 'name'), lane) ? 1 : 0;
      sql('UPDATE hookproof_deliveries SET in_lane = 1, parked = ? WHERE seq = ?').run(parked, seq);
    }
    sql(`
      UPDATE hookproof_deliveries SET
        state = 'waiting', attempts = 0, due_from = ?, due_at = ?, failing_since = NULL, finished_at = NULL,
        error_code = NULL, error_message = NULL
      WHERE seq = ?`).run(now(), now(), seq);
    return 1;
  }

  function discardOne(id: string, state: DeliveryState | undefined): number {
    const row = idle(id, state);
    if (row === undefined) return 0;
    leaveLane(sql, numberIn(row, 'seq'));
    deleteOne(numberIn(row, 'seq'));
    return 1;
  }

  function pruneOne(seq: number): void {
    if (retainKeysMs > 0) {
      sql(`
        INSERT OR REPLACE INTO hookproof_keys
        SELECT name, key, seq, finished_at + ? FROM hookproof_deliveries WHERE seq = ?`).run(
        ...[Math.ceil(retainKeysMs), seq],
      );
    }
    deleteOne(seq);
  }

  function deleteOne(seq: number): void {
    sql('DELETE FROM hookproof_bodies WHERE seq = ?').run(seq);
    sql('DELETE FROM hookproof_deliveries WHERE seq = ?').run(seq);
  }

  return {
    page: (filter, from, limit) =>
      reading((): Page => {
        const { conditions, values } = conditionsOf(filter);
        const ends = sql(`
        SELECT coalesce((SELECT min(seq) FROM hookproof_deliveries), 0) AS first,
          coalesce((SELECT max(seq) FROM hookproof_deliveries), 0) AS last`).get();
        // Not more rows than can be looked at in a moment, however few of them fit.
        const begin = Math.max(seqOf(from ?? '0'), numberIn(ends, 'first') - 1);
        const end = begin + rowsPerPage;
        const rows = sql(`
        SELECT ${summaryColumns} FROM hookproof_deliveries d
        WHERE ${['d.seq > ?', 'd.seq <= ?', ...conditions].join(' AND ')} ORDER BY d.seq LIMIT ?`).all(
          ...[begin, end, ...values, limit],
        );
        const deliveries = rows.map(summaryOf);
        if (deliveries.length === limit) return { deliveries, next: deliveries.at(-1)?.id };
        return { deliveries, next: end < numberIn(ends, 'last') ? String(end) : undefined };
      }),

    // As a step of its own, so that what a handler has not committed on the same handle does not count.
    get: (id) =>
      transaction((): StoredDelivery | undefined => {
        const row = sql(`
          SELECT ${summaryColumns}, headers, body FROM hookproof_deliveries d JOIN hookproof_bodies b ON b.seq = d.seq
          WHERE d.seq = ?`).get(seqOf(id));
        return isRow(row) ? { ...summaryOf(row), headers: headersIn(row), body: bytesIn(row, 'body') } : undefined;
      }),

    known: (name, keys) =>
      reading(() => {
        const known = sql(`
          SELECT 1 FROM hookproof_deliveries WHERE name = ? AND key = ?
          UNION ALL SELECT 1 FROM hookproof_keys WHERE name = ? AND key = ?`);
        return keys.map((key) => isRow(known.get(name, key, name, key)));
      }),

    counts: (name) =>
      reading((): DeliveryCounts => {
        const values = name === undefined ? [] : [name];
        const count = (condition: string) => {
          const row = sql(`SELECT count(*) AS n FROM hookproof_deliveries WHERE ${condition}`).get(...values);
          return numberIn(row, 'n');
        };
        const ofName = name === undefined ? '' : 'AND +name = ?';
        const open = (state: DeliveryState) => count(`state = '${state}' AND state <> 'handled' ${ofName}`);
        const [waiting, working, dead] = [open('waiting'), open('working'), open('dead')];
        // Nearly all are handled: all that there are, less the others, are counted faster.
        const all = count(name === undefined ? 'true' : 'name = ?');
        return { waiting, working, handled: all - waiting - working - dead, dead };
      }),

    replay: (ids, state) => transaction(() => sum(ids.map((id) => replayOne(id, state)))),
    discard: (ids, state) => transaction(() => sum(ids.map((id) => discardOne(id, state)))),

    prune: (handledBefore, limit) =>
      transaction(() => {
        const rows = sql(`
          SELECT seq FROM hookproof_deliveries WHERE state = 'handled' AND finished_at < ? LIMIT ?`).all(
          ...[handledBefore, limit],
        );
        for (const row of rows) pruneOne(numberIn(row, 'seq'));
        return rows.length;
      }),

    forget: (limit) =>
      transaction(() => {
        // In SQL alone: a text that was read may be another one than what is stored.
        const rows = sql(`
          DELETE FROM hookproof_keys WHERE (name, key) IN (
            SELECT name, key FROM hookproof_keys WHERE known_until <= ? LIMIT ?
          ) RETURNING 1`).all(now(), limit);
        return rows.length;
      }),
  };
}

function conditionsOf(filter: DeliveryFilter): { conditions: readonly string[]; values: readonly SqliteValue[] } {
  const { name, owner, state, type, error, receivedFrom, receivedBefore } = filter;
  const wanted: [condition: string, value: SqliteValue | undefined][] = [
    // Not by the index of names, which would have to be sorted for every page.
    ['+name = ?', name],
    ['owner = ?', owner],
    ['type = ?', type],
    ['error_code = ?', error],
    ['received_at >= ?', receivedFrom?.getTime()],
    ['received_at < ?', receivedBefore?.getTime()],
  ];
  const given = wanted.filter(([, value]) => value !== undefined);
  return {
    conditions: [...inState(state), ...given.map(([condition]) => condition)],
    values: given.map(([, value]) => value ?? null),
  };
}

/** Written out, with the condition of the index that has it. */
function inState(state: DeliveryState | undefined): readonly string[] {
  if (state === undefined) return [];
  return [`state = '${stateOf(state)}'`, ...(state === 'handled' ? [] : [`state <> 'handled'`])];
}

/** The row's number; 0, which none has, for what is no id. */
function seqOf(id: string): number {
  return /^\d{1,15}$/.test(id) ? Number(id) : 0;
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, one) => total + one, 0);
}
