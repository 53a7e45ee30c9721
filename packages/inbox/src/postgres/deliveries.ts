import type { Accepted } from '@hookproof/core/inbox';
import { textIn } from '../columns.ts';
import type { Fresh } from '../engine.ts';
import { conflict, type PostgresQueries } from './client.ts';
import type { Lane, Lanes } from './lanes.ts';
import { storable } from './rows.ts';
import type { NewTicket } from './tickets.ts';

/** What became of deliveries that were to be stored. */
export interface Stored {
  readonly accepted: readonly Accepted[];
  /** What is due now. */
  readonly tickets: readonly NewTicket[];
}

/** Stores deliveries in a transaction, each once. */
export async function storeAll(
  on: PostgresQueries,
  table: string,
  sequence: string,
  lanes: Lanes,
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
    FROM fresh ORDER BY name, key, seq
    ON CONFLICT (name, key) DO NOTHING RETURNING seq::text, name, key, (lane IS NULL)::text AS is_free`,
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
  const fresh = new Map(inserted.map((row) => [mark(textIn(row, 'name'), textIn(row, 'key')), textIn(row, 'seq')]));
  const known = await idsOf(
    on,
    table,
    deliveries.filter(({ name, key }) => !fresh.has(mark(name, key))),
  );
  const seen = new Set<string>();
  const accepted = deliveries.map(({ name, key }) => {
    const marked = mark(name, key);
    const id = fresh.get(marked) ?? known.get(marked);
    if (id === undefined) throw conflict('a delivery was deleted while it came again');
    const isNew = fresh.has(marked) && !seen.has(marked);
    seen.add(marked);
    return { id, isNew };
  });
  const free = inserted
    .filter((row) => textIn(row, 'is_free') === 'true')
    .map((row) => ({ name: textIn(row, 'name'), seq: textIn(row, 'seq'), delayMs: 0 }))
    .toSorted((a, b) => Number(a.seq) - Number(b.seq));
  const promoted = inserted.length === free.length ? [] : await lanes.promote(on, touched);
  return { accepted, tickets: [...free, ...promoted] };
}

async function idsOf(
  on: PostgresQueries,
  table: string,
  deliveries: readonly Fresh[],
): Promise<ReadonlyMap<string, string>> {
  if (deliveries.length === 0) return new Map();
  const { rows } = await on.query(
    `SELECT seq::text, name, key FROM ${table} JOIN unnest($1::text[], $2::text[]) AS known(name, key) USING (name, key)`,
    [deliveries.map(({ name }) => name), deliveries.map(({ key }) => key)],
  );
  return new Map(rows.map((row) => [mark(textIn(row, 'name'), textIn(row, 'key')), textIn(row, 'seq')]));
}

/** No name has a space. */
function mark(name: string, key: string): string {
  return `${name} ${key}`;
}
