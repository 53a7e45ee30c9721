import { setTimeout as pause } from 'node:timers/promises';
import type { Accepted, DeliveryCounts, DeliveryFilter, StoredDelivery } from '@hookproof/core';
import { WebhookError } from '@hookproof/core';
import type { Ending, Engine, Fresh, Lease, Page } from '../engine.ts';
import { invalid, type Settings } from '../options.ts';
import { stateOf } from '../states.ts';
import { isBusy, isDatabase, type SqliteDatabase, type SqliteStatement, type SqliteValue } from './database.ts';
import { bytesIn, headersIn, numberIn, summaryColumns, summaryOf, textIn } from './rows.ts';
import { silenceWatch } from './silence.ts';

/** Milliseconds for which a step waits for other writers of the file; then it fails. */
const busyTimeoutMs = 5_000;

/** The inbox's store in a SQLite database: every step is one transaction. */
export function sqliteEngine(database: SqliteDatabase, settings: Settings, ownsHandle: boolean): Engine {
  const { leaseMs, laneTimeoutMs, now } = settings;
  const statements = new Map<string, SqliteStatement>();
  const silence = silenceWatch(leaseMs);

  /** A statement, prepared once. */
  function sql(text: string): SqliteStatement {
    const statement = statements.get(text) ?? database.prepare(text);
    statements.set(text, statement);
    return statement;
  }

  /** Does a step in a transaction. While others write it waits without holding up the event loop. */
  async function transaction<T>(step: () => T): Promise<T> {
    const until = performance.now() + busyTimeoutMs;
    for (;;) {
      try {
        database.exec('BEGIN IMMEDIATE');
        break;
      } catch (error) {
        if (!isBusy(error) || performance.now() > until) throw error;
        await pause(1 + 10 * Math.random());
      }
    }
    try {
      const result = step();
      database.exec('COMMIT');
      return result;
    } catch (error) {
      rollback();
      throw error;
    }
  }

  function rollback(): void {
    try {
      database.exec('ROLLBACK');
    } catch {
      // SQLite has rolled back by itself, as it does when the disk is full.
    }
  }

  function storeOne({ name, key, type, lane, receivedAt, headers, body }: Fresh): Accepted {
    const parked = lane !== undefined && laneIsHeld(name, lane) ? 1 : 0;
    const [row] = sql(`
      INSERT INTO hookproof_deliveries (name, key, type, lane, in_lane, parked, state, received_at, due_from, due_at)
      VALUES (?, ?, ?, ?, ?, ?, 'waiting', ?, ?, ?) ON CONFLICT (name, key) DO NOTHING RETURNING seq`).all(
      ...[name, key, type ?? null, lane ?? null, lane === undefined ? 0 : 1, parked],
      ...[receivedAt, receivedAt, receivedAt],
    );
    if (row === undefined) {
      const known = sql('SELECT seq FROM hookproof_deliveries WHERE name = ? AND key = ?').get(name, key);
      return { id: String(numberIn(known, 'seq')), isNew: false };
    }
    const seq = numberIn(row, 'seq');
    sql('INSERT INTO hookproof_bodies VALUES (?, ?, ?)').run(seq, JSON.stringify([...headers]), body);
    return { id: String(seq), isNew: true };
  }

  function laneIsHeld(name: string, lane: string): boolean {
    const holder = sql(
      'SELECT 1 FROM hookproof_deliveries WHERE in_lane = 1 AND name = ? AND lane = ? AND parked = 0',
    ).get(name, lane);
    return holder !== undefined && holder !== null;
  }

  /** Takes a delivery out of its lane, and gives the next one its turn. */
  function leaveLane(seq: number, on: (text: string) => SqliteStatement = sql): void {
    const row = on('SELECT name, lane, parked FROM hookproof_deliveries WHERE in_lane = 1 AND seq = ?').get(seq);
    if (row === undefined || row === null) return;
    on('UPDATE hookproof_deliveries SET in_lane = 0, parked = 0 WHERE seq = ?').run(seq);
    if (numberIn(row, 'parked') === 1) return;
    on(`
      UPDATE hookproof_deliveries SET parked = 0 WHERE seq = (
        SELECT seq FROM hookproof_deliveries WHERE in_lane = 1 AND name = ? AND lane = ? ORDER BY seq LIMIT 1)`).run(
      textIn(row, 'name'),
      textIn(row, 'lane'),
    );
  }

  function takeOf(name: string, limit: number): readonly Lease[] {
    const rows = sql(`
      SELECT d.seq, attempts, takes, received_at, headers, body
      FROM hookproof_deliveries d JOIN hookproof_bodies b ON b.seq = d.seq
      WHERE state = 'waiting' AND parked = 0 AND name = ? AND due_at <= ? ORDER BY due_at, d.seq LIMIT ?`).all(
      name,
      now(),
      limit,
    );
    return rows.map((row) => {
      const seq = numberIn(row, 'seq');
      sql(`
        UPDATE hookproof_deliveries
        SET state = 'working', attempts = attempts + 1, takes = takes + 1, leased_until = ? WHERE seq = ?`).run(
        now() + leaseMs,
        seq,
      );
      return {
        id: String(seq),
        name,
        token: String(numberIn(row, 'takes') + 1),
        attempt: numberIn(row, 'attempts') + 1,
        receivedAt: new Date(numberIn(row, 'received_at')),
        headers: headersIn(row),
        body: bytesIn(row, 'body'),
      };
    });
  }

  /** Records an ending where the lease still holds. */
  function settleOne({ id, token }: Lease, ending: Ending, on: (text: string) => SqliteStatement = sql): boolean {
    const error = ending.outcome === 'handled' ? undefined : ending.error;
    const waits = ending.outcome === 'retried';
    const at = now();
    const { changes } = on(`
      UPDATE hookproof_deliveries SET
        state = ?, due_from = ?, due_at = ?, finished_at = ?, error_code = ?, error_message = ?, leased_until = NULL,
        failing_since = coalesce(failing_since, ?)
      WHERE seq = ? AND state = 'working' AND takes = ?`).run(
      ...[waits ? 'waiting' : ending.outcome, at, waits ? at + ending.delayMs : at, waits ? null : at],
      ...[error?.code ?? null, error?.message ?? null, error === undefined ? null : at, Number(id), Number(token)],
    );
    if (Number(changes) === 0) return false;
    if (!waits) leaveLane(Number(id), on);
    return true;
  }

  /** Gives up leases whose worker is silent. */
  function endSilent(patient: boolean): void {
    const rows = sql(`SELECT seq, takes, beats, leased_until FROM hookproof_deliveries WHERE state = 'working'`).all();
    const leases = rows.map((row) => ({
      id: numberIn(row, 'seq'),
      sign: `${numberIn(row, 'takes')}.${numberIn(row, 'beats')}`,
      expired: numberIn(row, 'leased_until') <= now(),
    }));
    for (const seq of silence(leases, patient)) {
      sql(`
        UPDATE hookproof_deliveries SET
          state = 'waiting', due_from = ?, due_at = ?, leased_until = NULL, failing_since = coalesce(failing_since, ?),
          error_code = 'worker_lost', error_message = 'The worker of this attempt died or lost touch with the inbox.'
        WHERE seq = ?`).run(now(), now(), now(), seq);
    }
  }

  /** Lets the lanes go that a failing delivery has held for too long. */
  function releaseLanes(): void {
    const rows = sql(`
      SELECT seq FROM hookproof_deliveries
      WHERE in_lane = 1 AND parked = 0 AND state = 'waiting' AND (failing_since <= ? OR failing_since > ?)`).all(
      now() - laneTimeoutMs,
      now(),
    );
    for (const row of rows) leaveLane(numberIn(row, 'seq'));
  }

  /** A clock that was set back must not keep what waits from its turn: the pause begins anew. */
  function forgiveClock(): void {
    sql(`
      UPDATE hookproof_deliveries SET due_at = ? + (due_at - due_from), due_from = ?
      WHERE state = 'waiting' AND due_at > ? AND due_from > ?`).run(now(), now(), now(), now());
  }

  function replayOne(seq: number): number {
    const row = sql(`SELECT name, lane, in_lane FROM hookproof_deliveries WHERE seq = ? AND state <> 'working'`).get(
      seq,
    );
    if (row === undefined || row === null) return 0;
    const lane = Reflect.get(Object(row), 'lane');
    if (numberIn(row, 'in_lane') === 0 && typeof lane === 'string') {
      const parked = laneIsHeld(textIn(row, 'name'), lane) ? 1 : 0;
      sql('UPDATE hookproof_deliveries SET in_lane = 1, parked = ? WHERE seq = ?').run(parked, seq);
    }
    sql(`
      UPDATE hookproof_deliveries SET
        state = 'waiting', attempts = 0, due_from = ?, due_at = ?, failing_since = NULL, finished_at = NULL,
        error_code = NULL, error_message = NULL
      WHERE seq = ?`).run(now(), now(), seq);
    return 1;
  }

  function discardOne(seq: number): number {
    const row = sql(`SELECT 1 FROM hookproof_deliveries WHERE seq = ? AND state <> 'working'`).get(seq);
    if (row === undefined || row === null) return 0;
    leaveLane(seq);
    deleteOne(seq);
    return 1;
  }

  function deleteOne(seq: number): void {
    sql('DELETE FROM hookproof_bodies WHERE seq = ?').run(seq);
    sql('DELETE FROM hookproof_deliveries WHERE seq = ?').run(seq);
  }

  return {
    lanes: true,
    open: () => undefined,
    store: (deliveries) => transaction(() => deliveries.map(storeOne)),

    async take(names, limit) {
      const isDue = `SELECT 1 FROM hookproof_deliveries WHERE state = 'waiting' AND parked = 0 AND name = ? AND due_at <= ?`;
      // Reading first: most looks find nothing, and need not write.
      const due = names.filter((name) => sql(`${isDue} LIMIT 1`).get(name, now()) !== undefined);
      if (due.length === 0) return [];
      return transaction(() => {
        const leases: Lease[] = [];
        // Each of them gets its share, and then what the others left.
        for (const [index, name] of due.entries()) {
          leases.push(...takeOf(name, Math.ceil((limit - leases.length) / (due.length - index))));
        }
        for (const name of due) leases.push(...takeOf(name, limit - leases.length));
        return leases;
      });
    },

    keep: (leases) =>
      transaction(() =>
        leases.filter(({ id, token }) => {
          const { changes } = sql(`
            UPDATE hookproof_deliveries SET beats = beats + 1, leased_until = ?
            WHERE seq = ? AND state = 'working' AND takes = ?`).run(now() + leaseMs, Number(id), Number(token));
          return Number(changes) === 0;
        }),
      ),

    settle: (endings) => transaction(() => endings.map(([lease, ending]) => settleOne(lease, ending))),

    complete(lease, transaction) {
      if (!isDatabase(transaction)) {
        throw invalid('complete() of a sqliteInbox takes the database handle with which the handler writes');
      }
      // Prepared on the handler's own handle: what it wrote and this are one transaction.
      if (settleOne(lease, { outcome: 'handled' }, (text) => transaction.prepare(text))) return;
      throw new WebhookError('lease_lost', 'complete(): another worker has this delivery, or it was settled before.', {
        fix: 'Let this error roll the transaction back.',
      });
    },

    recover: (patient) =>
      transaction(() => {
        endSilent(patient);
        releaseLanes();
        forgiveClock();
      }),

    page(filter, from, limit): Page {
      const { conditions, values } = conditionsOf(filter);
      const rows = sql(`
        SELECT ${summaryColumns} FROM hookproof_deliveries d
        WHERE ${['d.seq > ?', ...conditions].join(' AND ')} ORDER BY d.seq LIMIT ?`).all(
        ...[seqOf(from ?? '0') ?? 0, ...values, limit],
      );
      const deliveries = rows.map(summaryOf);
      return { deliveries, next: deliveries.length < limit ? undefined : deliveries.at(-1)?.id };
    },

    get(id): StoredDelivery | undefined {
      const row = sql(`
        SELECT ${summaryColumns}, headers, body FROM hookproof_deliveries d JOIN hookproof_bodies b ON b.seq = d.seq
        WHERE d.seq = ?`).get(seqOf(id) ?? 0);
      if (row === undefined || row === null) return undefined;
      return { ...summaryOf(row), headers: headersIn(row), body: bytesIn(row, 'body') };
    },

    counts(name): DeliveryCounts {
      const [condition, values] = name === undefined ? ['', []] : ['AND name = ?', [name]];
      const count = (state: string) => {
        const row = sql(`SELECT count(*) AS n FROM hookproof_deliveries WHERE state = '${state}' ${condition}`).get(
          ...values,
        );
        return numberIn(row, 'n');
      };
      return { waiting: count('waiting'), working: count('working'), handled: count('handled'), dead: count('dead') };
    },

    replay: (ids) => transaction(() => sum(ids.map((id) => replayOne(seqOf(id) ?? 0)))),
    discard: (ids) => transaction(() => sum(ids.map((id) => discardOne(seqOf(id) ?? 0)))),

    prune: (handledBefore, limit) =>
      transaction(() => {
        const rows = sql(`
          SELECT seq FROM hookproof_deliveries WHERE state = 'handled' AND finished_at < ? LIMIT ?`).all(
          handledBefore,
          limit,
        );
        for (const row of rows) deleteOne(numberIn(row, 'seq'));
        return rows.length;
      }),

    close() {
      statements.clear();
      if (!ownsHandle) return;
      // The file alone is then whole, for whoever copies it.
      database.prepare('PRAGMA wal_checkpoint(TRUNCATE)').all();
      database.close();
    },
  };
}

function conditionsOf(filter: DeliveryFilter): { conditions: readonly string[]; values: readonly SqliteValue[] } {
  const { name, state, type, error, receivedFrom, receivedBefore } = filter;
  // The state is written out, because only then SQLite sees which index has what is asked for.
  const wanted: [condition: string, value: SqliteValue | undefined][] = [
    ['name = ?', name],
    ['type = ?', type],
    ['error_code = ?', error],
    ['received_at >= ?', receivedFrom?.getTime()],
    ['received_at < ?', receivedBefore?.getTime()],
  ];
  const given = wanted.filter(([, value]) => value !== undefined);
  return {
    conditions: [
      ...(state === undefined ? [] : [`state = '${stateOf(state)}'`]),
      ...given.map(([condition]) => condition),
    ],
    values: given.map(([, value]) => value ?? null),
  };
}

function seqOf(id: string): number | undefined {
  return /^\d{1,15}$/.test(id) ? Number(id) : undefined;
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, one) => total + one, 0);
}
