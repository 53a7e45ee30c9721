import { optionalTextIn, textIn } from '../columns.ts';
import type { Lease } from '../engine.ts';
import { type PostgresQueries, transaction } from './client.ts';
import { type Lane, lanesIn } from './lanes.ts';
import { asMs, bytesIn, dateIn, headersIn, numberIn } from './rows.ts';
import type { Store } from './store.ts';

/** A delivery that was due for so long was passed over: the queue has lost its ticket. */
const lostAfterMs = 60_000;

/** How often one looks for tickets that are lost, and how many are sent anew at once. */
const lookAgainMs = 60_000;
const resentAtOnce = 1_000;

/** What is leased: with the lane where the delivery has one. */
export interface Taken {
  readonly lease: Lease;
  readonly lane: Lane | undefined;
}

interface Due {
  readonly name: string;
  /** For how long the first has been due. */
  readonly lateMs: number;
}

/** Makes the function that leases deliveries of some receivers which are due. */
export function takerOf(store: Store): (names: readonly string[], limit: number) => Promise<readonly Taken[]> {
  const { pool, table, tickets, settings } = store;
  const lookedAt = new Map<string, number>();
  let busy = false;
  let turn = 0;

  /** Which receivers have something to do: most looks find nothing, and need no transaction. */
  async function look(names: readonly string[]): Promise<readonly Due[]> {
    const { rows } = await pool.query(
      `
      SELECT n.name, (extract(epoch FROM now() - first.due_at) * 1000)::text AS late_ms
      FROM unnest($1::text[]) AS n(name), LATERAL (
        SELECT due_at FROM ${table} d
        WHERE d.name = n.name AND state = 'waiting' AND NOT parked AND due_at <= now() ORDER BY due_at LIMIT 1
      ) AS first`,
      [names],
    );
    return rows.map((row) => ({ name: textIn(row, 'name'), lateMs: numberIn(row, 'late_ms') }));
  }

  /** Leases what the tickets of one receiver name, until there are enough or no more tickets. */
  async function takeOf(on: PostgresQueries, name: string, limit: number): Promise<readonly Taken[]> {
    const all: Taken[] = [];
    while (all.length < limit) {
      const wanted = limit - all.length;
      const fetched = await tickets.fetch(on, name, wanted);
      if (fetched.length === 0) break;
      const { rows } = await on.query(
        `
        WITH due AS (
          SELECT seq FROM ${table}
          WHERE seq = ANY($1::bigint[]) AND name = $4 AND state = 'waiting' AND NOT parked AND due_at <= now()
          ORDER BY seq FOR UPDATE
        )
        UPDATE ${table} d SET
          state = 'working', attempts = attempts + 1, takes = takes + 1, ticket = t.ticket,
          leased_until = clock_timestamp() + $3::float8 * interval '1 ms'
        FROM due JOIN unnest($1::bigint[], $2::uuid[]) AS t(seq, ticket) USING (seq)
        WHERE d.seq = due.seq
        RETURNING d.seq::text, name, owner, lane, d.ticket::text AS ticket, takes::text, attempts::text, error_code,
          ${asMs('received_at')}, headers, body`,
        [fetched.map(({ seq }) => seq), fetched.map(({ id }) => id), settings.leaseMs, name],
      );
      const used = new Set(rows.map((row) => textIn(row, 'ticket')));
      await tickets.end(
        on,
        name,
        fetched.map(({ id }) => id).filter((id) => !used.has(id)),
      );
      all.push(...rows.map(takenOf).toSorted((a, b) => Number(a.lease.id) - Number(b.lease.id)));
      if (fetched.length < wanted) break;
    }
    return all;
  }

  /** Each of them gets its share, and then what the others left. */
  async function takeFair(on: PostgresQueries, names: readonly string[], limit: number): Promise<readonly Taken[]> {
    const taken: Taken[] = [];
    const full = new Set<string>();
    for (const [index, name] of names.entries()) {
      const share = Math.ceil((limit - taken.length) / (names.length - index));
      const some = await takeOf(on, name, share);
      if (some.length === share) full.add(name);
      taken.push(...some);
    }
    for (const name of full) taken.push(...(await takeOf(on, name, limit - taken.length)));
    return taken;
  }

  /** Sends tickets for what was passed over while the queue had none left: somebody has emptied it. */
  async function resend(due: readonly Due[]): Promise<boolean> {
    const at = performance.now();
    const late = due
      .filter(({ name, lateMs }) => lateMs >= lostAfterMs && at - (lookedAt.get(name) ?? -lookAgainMs) >= lookAgainMs)
      .map(({ name }) => name);
    if (late.length === 0) return false;
    for (const name of late) lookedAt.set(name, at);
    await tickets.ready(late, true);
    const rows = await transaction(pool, async (on) => {
      const { rows } = await on.query(
        `
        SELECT seq::text, name FROM ${table}
        WHERE name = ANY($1) AND state = 'waiting' AND NOT parked AND due_at <= now() - $2::float8 * interval '1 ms'
        ORDER BY due_at, seq LIMIT ${resentAtOnce}`,
        [late, lostAfterMs],
      );
      await tickets.send(
        on,
        rows.map((row) => ({ seq: textIn(row, 'seq'), name: textIn(row, 'name'), delayMs: 0 })),
      );
      return rows;
    });
    // There may be more of them.
    if (rows.length === resentAtOnce) for (const name of late) lookedAt.delete(name);
    return rows.length > 0;
  }

  return async function take(names, limit) {
    await tickets.ready(names);
    const due = busy ? names.map((name) => ({ name, lateMs: 0 })) : await look(names);
    const first = due.length === 0 ? 0 : turn++ % due.length;
    // Not always the same one first: there may be room for one only.
    const inTurn = [...due.slice(first), ...due.slice(0, first)].map(({ name }) => name);
    const takeDue = () => transaction(pool, (on) => takeFair(on, inTurn, limit));
    let taken = due.length === 0 ? [] : await takeDue();
    if (taken.length < limit && (await resend(due))) taken = [...taken, ...(taken.length === 0 ? await takeDue() : [])];
    busy = taken.length > 0;
    return taken;
  };
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
