import { textIn } from '../columns.ts';
import type { Ending, Lease } from '../engine.ts';
import type { PostgresQueries } from './client.ts';
import type { Lane } from './lanes.ts';
import { storable } from './rows.ts';
import type { Store } from './store.ts';

/** How an attempt ended, with the lane that its delivery is to leave unless it is tried again. */
export interface Ended {
  readonly lease: Lease;
  readonly ending: Ending;
  readonly lane: Lane | undefined;
}

/** Records in a transaction how attempts ended, and says of each whether its lease still held. */
export async function settleAll(
  { table, lanes, settings }: Pick<Store, 'table' | 'lanes' | 'settings'>,
  on: PostgresQueries,
  endings: readonly Ended[],
): Promise<readonly boolean[]> {
  // Also those that are tried again: one may have failed for too long to keep its lane.
  const left = endings.flatMap(({ lane }) => lane ?? []);
  await lanes.lock(on, left);
  const errors = endings.map(({ ending }) => (ending.outcome === 'handled' ? undefined : ending.error));
  const { rows } = await on.query(
    `
    WITH ended AS (
      SELECT * FROM unnest($1::bigint[], $2::integer[], $3::text[], $4::float8[], $5::text[], $6::text[], $7::boolean[])
        AS e(seq, takes, state, delay_ms, code, message, leaves)
    ), held AS (
      SELECT d.seq FROM ${table} d JOIN ended e ON d.seq = e.seq AND d.takes = e.takes
      WHERE d.state = 'working' ORDER BY d.seq FOR UPDATE OF d
    )
    UPDATE ${table} d SET
      state = e.state,
      due_at = CASE WHEN e.state = 'waiting' THEN now() + e.delay_ms * interval '1 ms' ELSE due_at END,
      finished_at = CASE WHEN e.state = 'waiting' THEN NULL ELSE now() END,
      error_code = e.code,
      error_message = e.message,
      failing_since = coalesce(failing_since, CASE WHEN e.code IS NULL THEN NULL ELSE now() END),
      leased_until = NULL,
      in_lane = in_lane AND NOT e.leaves
        AND NOT (e.state = 'waiting' AND failing_since IS NOT NULL AND failing_since <= now() - $8::float8 * interval '1 ms')
    FROM ended e JOIN held USING (seq)
    WHERE d.seq = e.seq AND d.takes = e.takes AND d.state = 'working'
    RETURNING d.seq::text, d.takes::text`,
    [
      endings.map(({ lease }) => lease.id),
      endings.map(({ lease }) => lease.token),
      endings.map(({ ending }) => (ending.outcome === 'retried' ? 'waiting' : ending.outcome)),
      endings.map(({ ending }) => delayOf(ending)),
      errors.map((error) => error?.code ?? null),
      errors.map((error) => (error === undefined ? null : storable(error.message))),
      endings.map(leaves),
      settings.laneTimeoutMs,
    ],
  );
  const settled = new Set(rows.map((row) => `${textIn(row, 'seq')} ${textIn(row, 'takes')}`));
  await lanes.promote(on, left);
  return endings.map(({ lease }) => settled.has(`${lease.id} ${lease.token}`));
}

/** A delivery that is tried again keeps its lane, unless it has failed for too long. */
function leaves({ lane, ending }: Ended): boolean {
  return lane !== undefined && ending.outcome !== 'retried';
}

function delayOf(ending: Ending): number {
  return ending.outcome === 'retried' ? ending.delayMs : 0;
}
