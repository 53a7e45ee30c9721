import { WebhookError } from '@hookproof/core';
import { delayAfterLoss } from '../backoff.ts';
import { optionalTextIn } from '../columns.ts';
import type { Ending, Engine, Lease } from '../engine.ts';
import { invalid, type Settings } from '../options.ts';
import { isDatabase, isInTransaction } from './database.ts';
import { leaveLane, leaveLaneIfLate, releaseLateLanes } from './lanes.ts';
import { bytesIn, headersIn, isRow, numberIn } from './rows.ts';
import { silenceWatch } from './silence.ts';
import type { Prepare, Transactions } from './transactions.ts';

/** Leases, and how they end. */
export function sqliteAttempts(
  { sql, reading, transaction }: Transactions,
  settings: Settings,
): Pick<Engine<true, void>, 'take' | 'release' | 'keep' | 'settle' | 'complete' | 'recover'> {
  const { leaseMs, laneTimeoutMs, now } = settings;
  const silence = silenceWatch(leaseMs);
  let latest = Number.POSITIVE_INFINITY;

  function isDue(name: string): boolean {
    const row = sql(`
      SELECT 1 FROM hookproof_deliveries
      WHERE state = 'waiting' AND parked = 0 AND name = ? AND due_at <= ? LIMIT 1`).get(name, now());
    return isRow(row);
  }

  function takeOf(name: string, limit: number): readonly Lease[] {
    const rows = sql(`
      SELECT d.seq, owner, attempts, takes, received_at, error_code, headers, body
      FROM hookproof_deliveries d JOIN hookproof_bodies b ON b.seq = d.seq
      WHERE state = 'waiting' AND parked = 0 AND name = ? AND due_at <= ? ORDER BY due_at, d.seq LIMIT ?`).all(
      ...[name, now(), limit],
    );
    return rows.map((row) => {
      const seq = numberIn(row, 'seq');
      sql(`
        UPDATE hookproof_deliveries
        SET state = 'working', attempts = attempts + 1, takes = takes + 1, leased_until = ? WHERE seq = ?`).run(
        ...[now() + leaseMs, seq],
      );
      return {
        id: String(seq),
        name,
        token: String(numberIn(row, 'takes') + 1),
        attempt: numberIn(row, 'attempts') + 1,
        afterLoss: optionalTextIn(row, 'error_code') === 'worker_lost',
        receivedAt: new Date(numberIn(row, 'received_at')),
        owner: optionalTextIn(row, 'owner'),
        headers: headersIn(row),
        body: bytesIn(row, 'body'),
      };
    });
  }

  /** Records an ending where the lease still holds, by the statements of whoever's transaction it is. */
  function settleOne(on: Prepare, { id, token, name, receivedAt }: Lease, ending: Ending): boolean {
    const seq = Number(id);
    const error = ending.outcome === 'handled' ? undefined : ending.error;
    const waits = ending.outcome === 'retried';
    const at = now();
    // With what else is known of it, because `complete` may be given the database of another inbox.
    const { changes } = on(`
      UPDATE hookproof_deliveries SET
        state = ?, due_from = ?, due_at = ?, finished_at = ?, error_code = ?, error_message = ?, leased_until = NULL,
        failing_since = coalesce(failing_since, ?)
      WHERE seq = ? AND state = 'working' AND takes = ? AND name = ? AND received_at = ?`).run(
      ...[waits ? 'waiting' : ending.outcome, at, waits ? at + ending.delayMs : at, waits ? null : at],
      ...[error?.code ?? null, error?.message ?? null, error === undefined ? null : at],
      ...[seq, Number(token), name, receivedAt.getTime()],
    );
    if (Number(changes) === 0) return false;
    if (waits) leaveLaneIfLate(on, seq, at - laneTimeoutMs);
    else leaveLane(on, seq);
    return true;
  }

  /** Gives up leases whose worker is silent. */
  function endSilent(patient: boolean): void {
    const at = now();
    const rows = sql(`
      SELECT seq, attempts, takes, beats, leased_until FROM hookproof_deliveries
      WHERE state = 'working' AND state <> 'handled'`).all();
    const attempts = new Map(rows.map((row) => [numberIn(row, 'seq'), numberIn(row, 'attempts')]));
    const leases = rows.map((row) => ({
      id: numberIn(row, 'seq'),
      sign: `${numberIn(row, 'takes')}.${numberIn(row, 'beats')}`,
      expired: numberIn(row, 'leased_until') <= at,
    }));
    for (const seq of silence(leases, patient)) {
      sql(`
        UPDATE hookproof_deliveries SET
          state = 'waiting', due_from = ?, due_at = ?, leased_until = NULL, failing_since = coalesce(failing_since, ?),
          error_code = 'worker_lost', error_message = 'The worker of this attempt died or lost touch with the inbox.'
        WHERE seq = ?`).run(at, at + delayAfterLoss(attempts.get(seq) ?? 1, settings), at, seq);
      leaveLaneIfLate(sql, seq, at - laneTimeoutMs);
    }
  }

  /** A clock that was set back must not keep what waits from its turn: the pause begins anew. */
  function forgiveClock(): void {
    const at = now();
    const wasSetBack = at < latest;
    latest = at;
    // Looking takes as long as there is much that waits. The first look is for what happened while no process was there.
    if (!wasSetBack) return;
    sql(`
      UPDATE hookproof_deliveries SET due_at = ? + (due_at - due_from), due_from = ?
      WHERE state = 'waiting' AND state <> 'handled' AND due_at > ? AND due_from > ?`).run(at, at, at, at);
  }

  return {
    async take(turns, limit) {
      // Reading first: most looks find nothing, and need not write.
      const due = reading(() => turns.filter(({ name }) => isDue(name)));
      if (due.length === 0) return [];
      return transaction(() => {
        const leases: Lease[] = [];
        for (const { name, most } of due) leases.push(...takeOf(name, Math.min(most, limit - leases.length)));
        return leases;
      });
    },

    release: (leases) =>
      transaction(() => {
        for (const { id, token } of leases) {
          sql(`
            UPDATE hookproof_deliveries SET state = 'waiting', attempts = attempts - 1, leased_until = NULL
            WHERE seq = ? AND state = 'working' AND takes = ?`).run(Number(id), Number(token));
        }
      }),

    keep: (leases) =>
      transaction(() =>
        leases.filter(({ id, token }) => {
          const { changes } = sql(`
            UPDATE hookproof_deliveries SET beats = beats + 1, leased_until = ?
            WHERE seq = ? AND state = 'working' AND takes = ?`).run(now() + leaseMs, Number(id), Number(token));
          return Number(changes) === 0;
        }),
      ),

    settle: (endings) => transaction(() => endings.map(([lease, ending]) => settleOne(sql, lease, ending))),

    complete(lease, database, recorded) {
      if (!isDatabase(database)) {
        throw invalid('complete() of a sqliteInbox takes the database handle with which the handler writes');
      }
      if (!isInTransaction(database)) {
        throw invalid('complete() of a sqliteInbox must be called between BEGIN and COMMIT of the handle it is given');
      }
      // On the handler's own handle, so that what it wrote and this are one transaction; and this whole or not at all.
      database.exec('SAVEPOINT hookproof_complete');
      let held = false;
      try {
        held = settleOne((text) => database.prepare(text), lease, { outcome: 'handled' });
      } finally {
        if (!held) database.exec('ROLLBACK TO hookproof_complete');
        database.exec('RELEASE hookproof_complete');
      }
      if (held) return recorded();
      throw new WebhookError('lease_lost', 'complete(): another worker has this delivery, or it was settled before.', {
        fix: 'Let this error roll the transaction back.',
      });
    },

    recover: (patient) =>
      transaction(() => {
        endSilent(patient);
        releaseLateLanes(sql, now(), now() - laneTimeoutMs);
        forgiveClock();
      }),
  };
}
