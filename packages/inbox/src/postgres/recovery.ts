import { delayAfterLoss } from '../backoff.ts';
import { textIn } from '../columns.ts';
import type { Lease } from '../engine.ts';
import { transaction } from './client.ts';
import { lanesIn } from './lanes.ts';
import { numberIn } from './rows.ts';
import type { Store } from './store.ts';

/** Deliveries of one step. */
const atOnce = 500;

/** Prolongs leases, and returns those that are lost. */
export async function prolong({ pool, table, settings }: Store, leases: readonly Lease[]): Promise<readonly Lease[]> {
  // Who holds a row's lock may be the handler itself, whose transaction is open: nobody takes it meanwhile.
  const { rows } = await pool.query(
    `
    WITH asked AS (
      SELECT d.seq, d.takes FROM ${table} d
      JOIN unnest($1::bigint[], $2::integer[]) AS a(seq, takes) ON d.seq = a.seq AND d.takes = a.takes
      WHERE state = 'working'
    ), free AS (
      SELECT d.seq FROM ${table} d JOIN asked USING (seq, takes)
      WHERE state = 'working' ORDER BY d.seq FOR UPDATE OF d SKIP LOCKED
    ), prolonged AS (
      UPDATE ${table} d SET leased_until = clock_timestamp() + $3::float8 * interval '1 ms' FROM free WHERE d.seq = free.seq
    )
    SELECT seq::text, takes::text FROM asked`,
    [leases.map(({ id }) => id), leases.map(({ token }) => token), settings.leaseMs],
  );
  const held = new Set(rows.map((row) => `${textIn(row, 'seq')} ${textIn(row, 'takes')}`));
  return leases.filter(({ id, token }) => !held.has(`${id} ${token}`));
}

/** Gives up leases that ran out, and lets the lanes go that nobody should hold any more. */
export async function recoverAll(store: Store): Promise<void> {
  const { pool, table, settings } = store;
  const { rows } = await pool.query(
    `
    SELECT DISTINCT name, state FROM ${table} WHERE state = 'working' AND leased_until < now()
    UNION SELECT DISTINCT name, state FROM ${table} WHERE ${isLate}
    UNION SELECT DISTINCT name, state FROM ${table} WHERE ${isLeaving}`,
    [settings.laneTimeoutMs],
  );
  if (rows.length === 0) return;
  const names = [...new Set(rows.map((row) => textIn(row, 'name')))];
  const found = new Set(rows.map((row) => textIn(row, 'state')));
  if (found.has('working')) await endSilent(store, names);
  if (found.has('waiting')) await leaveLanes(store, `${isLate} AND name = ANY($2)`, [settings.laneTimeoutMs, names]);
  if (found.has('handled')) await leaveLanes(store, `${isLeaving} AND name = ANY($1)`, [names]);
}

/** Lets the lane go of a delivery that `complete` recorded as handled. */
export async function leaveLane(store: Store, id: string): Promise<void> {
  await leaveLanes(store, `${isLeaving} AND seq = $1::bigint`, [id]);
}

async function endSilent(store: Store, names: readonly string[]): Promise<void> {
  const { pool, table, settings } = store;
  await transaction(pool, async (on) => {
    const { rows } = await on.query(
      `
      WITH silent AS (
        SELECT seq FROM ${table} WHERE state = 'working' AND leased_until < now() AND name = ANY($1)
        ORDER BY seq LIMIT ${atOnce} FOR UPDATE SKIP LOCKED
      )
      UPDATE ${table} d SET
        state = 'waiting', due_at = now(), leased_until = NULL, failing_since = coalesce(failing_since, now()),
        error_code = 'worker_lost', error_message = 'The worker of this attempt died or lost touch with the inbox.'
      FROM silent WHERE d.seq = silent.seq
      RETURNING d.seq::text, attempts::text`,
      [names],
    );
    const again = rows.map((row) => ({
      seq: textIn(row, 'seq'),
      delayMs: delayAfterLoss(numberIn(row, 'attempts'), settings),
    }));
    await on.query(
      `
      UPDATE ${table} d SET due_at = now() + a.delay_ms * interval '1 ms'
      FROM unnest($1::bigint[], $2::float8[]) AS a(seq, delay_ms) WHERE d.seq = a.seq AND delay_ms > 0`,
      [again.map(({ seq }) => seq), again.map(({ delayMs }) => delayMs)],
    );
  });
}

const isLate = `in_lane AND NOT parked AND state = 'waiting' AND failing_since <= now() - $1::float8 * interval '1 ms'`;

/**
 * `complete` leaves its delivery in its lane, because who changes who is there keeps all others from it until the
 * handler's transaction ends, and because that may not see who has joined since it began.
 */
const isLeaving = `in_lane AND state = 'handled'`;

/** Takes deliveries out of their lanes, and gives the next ones their turn. */
async function leaveLanes({ pool, table, lanes }: Store, which: string, values: unknown[]): Promise<void> {
  await transaction(pool, async (on) => {
    const { rows: holders } = await on.query(
      `SELECT seq::text, name, lane FROM ${table} WHERE ${which} ORDER BY seq LIMIT ${atOnce}`,
      values,
    );
    await lanes.lock(on, lanesIn(holders));
    const { rows } = await on.query(
      `
      WITH leaving AS (
        SELECT seq FROM ${table} WHERE ${which} AND seq = ANY($${values.length + 1}::bigint[]) ORDER BY seq FOR UPDATE
      )
      UPDATE ${table} d SET in_lane = false FROM leaving WHERE d.seq = leaving.seq RETURNING name, lane`,
      [...values, holders.map((row) => textIn(row, 'seq'))],
    );
    await lanes.promote(on, lanesIn(rows));
  });
}
