import { textIn } from '../columns.ts';
import { isRow, numberIn } from './rows.ts';
import type { Prepare } from './transactions.ts';

/** Whether a delivery of the lane has its turn: then the next one is parked. */
export function laneIsHeld(sql: Prepare, name: string, lane: string): boolean {
  return isRow(
    sql('SELECT 1 FROM hookproof_deliveries WHERE in_lane = 1 AND name = ? AND lane = ? AND parked = 0').get(
      name,
      lane,
    ),
  );
}

/** Takes a delivery out of its lane, and gives the next one its turn. */
export function leaveLane(sql: Prepare, seq: number): void {
  const row = sql('SELECT name, lane, parked FROM hookproof_deliveries WHERE in_lane = 1 AND seq = ?').get(seq);
  if (!isRow(row)) return;
  sql('UPDATE hookproof_deliveries SET in_lane = 0, parked = 0 WHERE seq = ?').run(seq);
  if (numberIn(row, 'parked') === 1) return;
  sql(`
    UPDATE hookproof_deliveries SET parked = 0 WHERE seq = (
      SELECT seq FROM hookproof_deliveries WHERE in_lane = 1 AND name = ? AND lane = ? ORDER BY seq LIMIT 1)`).run(
    textIn(row, 'name'),
    textIn(row, 'lane'),
  );
}

/** Lets the lane of a delivery go if it has failed since `before` or longer. */
export function leaveLaneIfLate(sql: Prepare, seq: number, before: number): void {
  const late = sql('SELECT 1 FROM hookproof_deliveries WHERE seq = ? AND in_lane = 1 AND failing_since <= ?');
  if (isRow(late.get(seq, before))) leaveLane(sql, seq);
}

/** Lets the lanes go that deliveries which wait for another attempt have held since `before` or longer. */
export function releaseLateLanes(sql: Prepare, at: number, before: number): void {
  const holders = 'in_lane = 1 AND parked = 0 AND failing_since IS NOT NULL';
  // After the clock was set back it must not be held for longer than the time.
  sql(`UPDATE hookproof_deliveries SET failing_since = ? WHERE ${holders} AND failing_since > ?`).run(at, at);
  const rows = sql(`
    SELECT seq FROM hookproof_deliveries WHERE ${holders} AND failing_since <= ? AND state = 'waiting'`).all(before);
  for (const row of rows) leaveLane(sql, numberIn(row, 'seq'));
}
