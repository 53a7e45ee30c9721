import type { DeliveryCounts, DeliveryFilter, DeliveryState, StoredDelivery } from '@hookproof/core';
import { textIn } from '../columns.ts';
import type { Page } from '../engine.ts';
import { stateOf } from '../states.ts';
import { type PostgresQueries, transaction } from './client.ts';
import { lanesIn } from './lanes.ts';
import { bytesIn, headersIn, numberIn, seqsOf, summaryColumns, summaryOf } from './rows.ts';
import type { Store } from './store.ts';

export async function pageOf(
  { patient, table }: Store,
  filter: DeliveryFilter,
  from: string | undefined,
  limit: number,
): Promise<Page> {
  const { conditions, values } = conditionsOf(filter);
  const [after = '0'] = seqsOf(from === undefined ? [] : [from]);
  const { rows } = await patient.query(
    `
    SELECT ${summaryColumns} FROM ${table}
    WHERE ${['seq > $1', ...conditions].join(' AND ')} ORDER BY ${table}.seq LIMIT $2`,
    [after, limit, ...values],
  );
  const deliveries = rows.map(summaryOf);
  return { deliveries, next: deliveries.length < limit ? undefined : deliveries.at(-1)?.id };
}

function conditionsOf(filter: DeliveryFilter): { conditions: readonly string[]; values: readonly unknown[] } {
  const { name, owner, state, type, error, receivedFrom, receivedBefore } = filter;
  const wanted: [condition: string, value: unknown][] = [
    ['name =', name],
    ['owner =', owner],
    ['type =', type],
    ['error_code =', error],
    ['received_at >=', receivedFrom],
    ['received_at <', receivedBefore],
  ];
  const given = wanted.filter(([, value]) => value !== undefined);
  return {
    // The state is written out, so that Postgres sees which index has what is asked for.
    conditions: [
      ...(state === undefined ? [] : [`state = '${stateOf(state)}'`]),
      ...given.map(([condition], index) => `${condition} $${index + 3}`),
    ],
    values: given.map(([, value]) => value),
  };
}

export async function oneOf({ patient, table }: Store, id: string): Promise<StoredDelivery | undefined> {
  const [seq] = seqsOf([id]);
  if (seq === undefined) return undefined;
  const { rows } = await patient.query(`SELECT ${summaryColumns}, headers, body FROM ${table} WHERE seq = $1`, [seq]);
  const [row] = rows;
  if (row === undefined) return undefined;
  return { ...summaryOf(row), headers: headersIn(row), body: bytesIn(row, 'body') };
}

export async function knownAmong(
  { patient, table, keys }: Store,
  name: string,
  some: readonly string[],
): Promise<readonly boolean[]> {
  const { rows } = await patient.query(
    `
    SELECT (
      EXISTS (SELECT 1 FROM ${table} d WHERE d.name = $1 AND d.key = f.key)
      OR EXISTS (SELECT 1 FROM ${keys} k WHERE k.name = $1 AND k.key = f.key)
    )::text AS known
    FROM unnest($2::text[]) WITH ORDINALITY AS f(key, place) ORDER BY place`,
    [name, some],
  );
  return rows.map((row) => textIn(row, 'known') === 'true');
}

export async function countsOf({ patient, table }: Store, name: string | undefined): Promise<DeliveryCounts> {
  const count = (state: string) =>
    `(SELECT count(*) FROM ${table} WHERE state = '${state}' ${name === undefined ? '' : 'AND name = $1'})::text AS ${state}`;
  const { rows } = await patient.query(
    `SELECT ${['waiting', 'working', 'handled', 'dead'].map(count).join(', ')}`,
    name === undefined ? [] : [name],
  );
  return {
    waiting: numberIn(rows[0], 'waiting'),
    working: numberIn(rows[0], 'working'),
    handled: numberIn(rows[0], 'handled'),
    dead: numberIn(rows[0], 'dead'),
  };
}

/** Those of $1 that nobody works on, where they are in the state $2 if that is given. */
const idle = (table: string) => `
  SELECT seq FROM ${table}
  WHERE seq = ANY($1::bigint[]) AND state <> 'working' AND ($2::text IS NULL OR state = $2) ORDER BY seq FOR UPDATE`;

/** Changes deliveries in one transaction that has their lanes to itself; says how many. */
async function change(
  store: Store,
  ids: readonly string[],
  step: (on: PostgresQueries, seqs: readonly string[]) => Promise<number>,
): Promise<number> {
  const seqs = seqsOf(ids);
  return transaction(store.patient, async (on) => {
    await store.lanes.lockOf(on, seqs);
    return step(on, seqs);
  });
}

export function replayAll(store: Store, ids: readonly string[], state: DeliveryState | undefined): Promise<number> {
  const { table, lanes } = store;
  return change(store, ids, async (on, seqs) => {
    const { rows } = await on.query(
      `
      WITH idle AS (
        ${idle(table)}
      )
      UPDATE ${table} d SET
        state = 'waiting', attempts = 0, due_at = now(), failing_since = NULL, finished_at = NULL,
        error_code = NULL, error_message = NULL,
        in_lane = lane IS NOT NULL, parked = lane IS NOT NULL AND (parked OR NOT in_lane)
      FROM idle WHERE d.seq = idle.seq
      RETURNING name, lane`,
      [seqs, state ?? null],
    );
    await lanes.promote(on, lanesIn(rows));
    return rows.length;
  });
}

export function discardAll(store: Store, ids: readonly string[], state: DeliveryState | undefined): Promise<number> {
  const { table, lanes } = store;
  return change(store, ids, async (on, seqs) => {
    const { rows } = await on.query(
      `
      WITH idle AS (
        ${idle(table)}
      )
      DELETE FROM ${table} d USING idle WHERE d.seq = idle.seq RETURNING name, lane`,
      [seqs, state ?? null],
    );
    await lanes.promote(on, lanesIn(rows));
    return rows.length;
  });
}

/** In one statement: nobody sees a delivery gone whose key is not kept. */
export async function pruneSome(store: Store, handledBefore: number, limit: number): Promise<number> {
  const { patient, table, keys, settings } = store;
  const { rows } = await patient.query(
    `
    WITH old AS (
      SELECT seq FROM ${table} WHERE state = 'handled' AND NOT in_lane AND finished_at < to_timestamp($1::float8 / 1000)
      ORDER BY finished_at LIMIT $2 FOR UPDATE SKIP LOCKED
    ), gone AS (
      DELETE FROM ${table} d USING old WHERE d.seq = old.seq RETURNING d.seq, name, key, finished_at
    ), kept AS (
      INSERT INTO ${keys} (name, key, seq, known_until)
      SELECT name, key, seq, finished_at + $3::float8 * interval '1 millisecond' FROM gone WHERE $3 > 0
      ON CONFLICT (name, key) DO UPDATE SET seq = excluded.seq, known_until = excluded.known_until
    )
    SELECT seq::text FROM gone`,
    [handledBefore, limit, settings.retainKeysMs],
  );
  return rows.length;
}

export async function forgetSome({ patient, keys, settings }: Store, limit: number): Promise<number> {
  const { rows } = await patient.query(
    `
    WITH over AS (
      SELECT name, key FROM ${keys} WHERE known_until <= to_timestamp($1::float8 / 1000)
      ORDER BY known_until LIMIT $2 FOR UPDATE SKIP LOCKED
    )
    DELETE FROM ${keys} k USING over WHERE k.name = over.name AND k.key = over.key RETURNING k.seq::text`,
    [settings.now(), limit],
  );
  return rows.length;
}
