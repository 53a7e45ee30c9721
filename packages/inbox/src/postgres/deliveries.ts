import type { Accepted } from '@hookproof/core/inbox';
import { optionalTextIn, textIn } from '../columns.ts';
import type { Fresh } from '../engine.ts';
import { conflict, type PostgresQueries, transaction } from './client.ts';
import type { Lane } from './lanes.ts';
import { storable } from './rows.ts';
import { alone, type Store } from './store.ts';

/** Stores deliveries, all or none and each once. Those that have no lane take one statement. */
export async function storeAll(store: Store, deliveries: readonly Fresh[]): Promise<readonly Accepted[]> {
  const touched = deliveries.flatMap(({ name, lane }): Lane[] => (lane === undefined ? [] : [{ name, lane }]));
  if (touched.length === 0) return insert(store, alone(store), deliveries);
  return transaction(store.pool, async (on) => {
    await store.lanes.lock(on, touched);
    const accepted = await insert(store, on, deliveries);
    if (accepted.some(({ isNew }) => isNew)) await store.lanes.promote(on, touched);
    return accepted;
  });
}

/**
 * What the statement sees stored or pruned when it begins is a copy, whatever becomes of it meanwhile. Numbers as they
 * came; written in the order of their keys, so that no two processes wait for each other.
 */
async function insert(store: Store, on: PostgresQueries, deliveries: readonly Fresh[]): Promise<readonly Accepted[]> {
  const { table, keys } = store;
  const { rows } = await on.query(
    `
    WITH given AS MATERIALIZED (
      SELECT f.*, coalesce(
        (SELECT k.seq FROM ${keys} k WHERE k.name = f.name AND k.key = f.key),
        (SELECT d.seq FROM ${table} d WHERE d.name = f.name AND d.key = f.key)
      ) AS known
      FROM unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::float8[], $6::text[], $7::bytea[], $8::text[])
        WITH ORDINALITY AS f(name, key, type, lane, received_ms, headers, body, owner, place)
    ), fresh AS MATERIALIZED (
      SELECT nextval('${store.sequence}') AS seq, n.* FROM (SELECT * FROM given WHERE known IS NULL ORDER BY place) AS n
    ), inserted AS (
      INSERT INTO ${table} (seq, name, owner, key, type, lane, in_lane, parked, state, received_at, due_at, headers, body)
      SELECT seq, name, owner, key, type, lane, lane IS NOT NULL, lane IS NOT NULL, 'waiting',
        to_timestamp(received_ms / 1000), now(), headers, body
      FROM fresh ORDER BY name, key, seq
      ON CONFLICT (name, key) DO NOTHING RETURNING seq, name, key
    )
    SELECT coalesce(g.known, i.seq)::text AS seq, (i.seq IS NOT NULL)::text AS is_new
    FROM given g LEFT JOIN inserted i ON i.name = g.name AND i.key = g.key ORDER BY g.place`,
    [
      deliveries.map(({ name }) => name),
      deliveries.map(({ key }) => key),
      deliveries.map(({ type }) => (type === undefined ? null : storable(type))),
      deliveries.map(({ lane }) => lane ?? null),
      deliveries.map(({ receivedAt }) => receivedAt),
      deliveries.map(({ headers }) => JSON.stringify([...headers])),
      deliveries.map(({ body }) => Buffer.from(body.buffer, body.byteOffset, body.byteLength)),
      deliveries.map(({ owner }) => owner ?? null),
    ],
  );
  const told = rows.some((row) => optionalTextIn(row, 'seq') === undefined)
    ? await seqsOf(store, on, deliveries)
    : rows;
  // Of copies in one list the first is new.
  const fresh = new Set(rows.flatMap((row) => (textIn(row, 'is_new') === 'true' ? [textIn(row, 'seq')] : [])));
  return told.map((row) => {
    const id = optionalTextIn(row, 'seq');
    if (id === undefined) throw conflict('a delivery was deleted while it came again');
    return { id, isNew: fresh.delete(id) };
  });
}

/** Where another process stored one of them while the statement ran, that one is in sight of the next statement. */
async function seqsOf({ table, keys }: Store, on: PostgresQueries, deliveries: readonly Fresh[]) {
  const { rows } = await on.query(
    `
    SELECT coalesce(
      (SELECT k.seq FROM ${keys} k WHERE k.name = f.name AND k.key = f.key),
      (SELECT d.seq FROM ${table} d WHERE d.name = f.name AND d.key = f.key)
    )::text AS seq
    FROM unnest($1::text[], $2::text[]) WITH ORDINALITY AS f(name, key, place) ORDER BY place`,
    [deliveries.map(({ name }) => name), deliveries.map(({ key }) => key)],
  );
  return rows;
}
