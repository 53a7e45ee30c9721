import type { Accepted } from '@hookproof/core/inbox';
import { optionalTextIn, textIn } from '../columns.ts';
import type { Fresh } from '../engine.ts';
import { conflict, type PostgresQueries } from './client.ts';
import type { Lane } from './lanes.ts';
import { storable } from './rows.ts';
import type { Store } from './store.ts';
import type { NewTicket } from './tickets.ts';

/** What became of deliveries that were to be stored. */
export interface Stored {
  readonly accepted: readonly Accepted[];
  /** What is due now. */
  readonly tickets: readonly NewTicket[];
}

/**
 * Stores deliveries in a transaction, each once. What was pruned before this begins is passed over; what is pruned
 * meanwhile is seen afterwards: an insert that waits for `prune` to delete goes in when it has.
 */
export async function storeAll(
  on: PostgresQueries,
  { table, keys, lanes }: Store,
  sequence: string,
  deliveries: readonly Fresh[],
): Promise<Stored> {
  const touched = deliveries.flatMap(({ name, lane }): Lane[] => (lane === undefined ? [] : [{ name, lane }]));
  await lanes.lock(on, touched);
  // Numbers as they came; written in the order of their keys, so that no two processes wait for each other.
  const { rows: inserted } = await on.query(
    `
    WITH fresh AS MATERIALIZED (
      SELECT nextval('${sequence}') AS seq, f.*
      FROM unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::float8[], $6::text[], $7::bytea[], $8::text[])
        WITH ORDINALITY AS f(name, key, type, lane, received_ms, headers, body, owner, place)
      ORDER BY place
    )
    INSERT INTO ${table} (seq, name, owner, key, type, lane, in_lane, parked, state, received_at, due_at, headers, body)
    SELECT seq, name, owner, key, type, lane, lane IS NOT NULL, lane IS NOT NULL, 'waiting', to_timestamp(received_ms / 1000),
      now(), headers, body
    FROM fresh WHERE ${prunedOf(keys, 'fresh')} IS NULL ORDER BY name, key, seq
    ON CONFLICT (name, key) DO NOTHING RETURNING seq::text, name, (lane IS NULL)::text AS is_free`,
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
  const fresh = new Set(inserted.map((row) => textIn(row, 'seq')));
  const known = await knownOf(on, table, keys, deliveries);
  const late = known.flatMap(({ pruned, stored = '' }) => (pruned !== undefined && fresh.has(stored) ? [stored] : []));
  if (late.length > 0) await on.query(`DELETE FROM ${table} WHERE seq = ANY($1::bigint[])`, [late]);
  for (const seq of late) fresh.delete(seq);
  const free = inserted
    .filter((row) => textIn(row, 'is_free') === 'true' && fresh.has(textIn(row, 'seq')))
    .map((row) => ({ name: textIn(row, 'name'), seq: textIn(row, 'seq'), delayMs: 0 }))
    .toSorted((a, b) => Number(a.seq) - Number(b.seq));
  const promoted = fresh.size === free.length ? [] : await lanes.promote(on, touched);
  const accepted = known.map(({ pruned, stored }) => {
    const id = pruned ?? stored;
    if (id === undefined) throw conflict('a delivery was deleted while it came again');
    // Of copies in one list the first is new.
    return { id, isNew: fresh.delete(id) };
  });
  return { accepted, tickets: [...free, ...promoted] };
}

/** The seq under which an event was pruned; null where it was not. As a subquery, so that it is looked up by the index. */
const prunedOf = (keys: string, of: string) =>
  `(SELECT k.seq FROM ${keys} k WHERE k.name = ${of}.name AND k.key = ${of}.key)`;

/** Of each delivery the seq under which its event was pruned, and the one under which it is stored. */
async function knownOf(on: PostgresQueries, table: string, keys: string, deliveries: readonly Fresh[]) {
  const { rows } = await on.query(
    `
    SELECT ${prunedOf(keys, 'f')}::text AS pruned,
      (SELECT d.seq FROM ${table} d WHERE d.name = f.name AND d.key = f.key)::text AS stored
    FROM unnest($1::text[], $2::text[]) WITH ORDINALITY AS f(name, key, place) ORDER BY place`,
    [deliveries.map(({ name }) => name), deliveries.map(({ key }) => key)],
  );
  return rows.map((row) => ({ pruned: optionalTextIn(row, 'pruned'), stored: optionalTextIn(row, 'stored') }));
}
