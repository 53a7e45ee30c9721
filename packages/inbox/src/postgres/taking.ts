import { optionalTextIn, textIn } from '../columns.ts';
import type { Lease, Turn } from '../engine.ts';
import { type Lane, lanesIn } from './lanes.ts';
import { asMs, bytesIn, dateIn, headersIn, numberIn } from './rows.ts';
import { alone, type Store } from './store.ts';

/** What is leased: with the lane where the delivery has one. */
export interface Taken {
  readonly lease: Lease;
  readonly lane: Lane | undefined;
}

/** Leases deliveries that are due. What another process takes at this moment is passed over, not waited for. */
export async function takeDue(store: Store, turns: readonly Turn[], limit: number): Promise<readonly Taken[]> {
  const { table, settings } = store;
  const { rows } = await alone(store).query(
    `
    WITH due AS MATERIALIZED (
      SELECT first.seq FROM unnest($1::text[], $2::integer[]) AS t(name, most), LATERAL (
        SELECT d.seq FROM ${table} d
        WHERE d.name = t.name AND d.state = 'waiting' AND NOT d.parked AND d.due_at <= now()
        ORDER BY d.due_at, d.seq LIMIT t.most FOR UPDATE SKIP LOCKED
      ) AS first LIMIT $3
    )
    UPDATE ${table} d SET
      state = 'working', attempts = attempts + 1, takes = takes + 1,
      leased_until = clock_timestamp() + $4::float8 * interval '1 ms'
    FROM due WHERE d.seq = due.seq
    RETURNING d.seq::text, name, owner, lane, takes::text, attempts::text, error_code, ${asMs('received_at')}, headers, body`,
    [turns.map(({ name }) => name), turns.map(({ most }) => most), limit, settings.leaseMs],
  );
  return rows.map(takenOf).toSorted((a, b) => Number(a.lease.id) - Number(b.lease.id));
}

/** Gives leases back: the deliveries are due as they were, and the attempt does not count. */
export async function release(store: Store, leases: readonly Lease[]): Promise<void> {
  await alone(store).query(
    `
    UPDATE ${store.table} d SET state = 'waiting', attempts = attempts - 1, leased_until = NULL
    FROM unnest($1::bigint[], $2::integer[]) AS l(seq, takes)
    WHERE d.seq = l.seq AND d.takes = l.takes AND d.state = 'working'`,
    [leases.map(({ id }) => id), leases.map(({ token }) => token)],
  );
}

function takenOf(row: unknown): Taken {
  return {
    lane: lanesIn([row])[0],
    lease: {
      id: textIn(row, 'seq'),
      name: textIn(row, 'name'),
      token: textIn(row, 'takes'),
      attempt: numberIn(row, 'attempts'),
      afterLoss: optionalTextIn(row, 'error_code') === 'worker_lost',
      receivedAt: dateIn(row, 'received_at'),
      owner: optionalTextIn(row, 'owner'),
      headers: headersIn(row),
      body: bytesIn(row, 'body'),
    },
  };
}
