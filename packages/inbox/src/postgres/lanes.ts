import { optionalTextIn, textIn } from '../columns.ts';
import type { PostgresQueries } from './client.ts';

/** The lane of a receiver. */
export interface Lane {
  readonly name: string;
  readonly lane: string;
}

/** What one does with lanes. Who changes who is in a lane locks the lane first, and rows only after that. */
export interface Lanes {
  /** Has this transaction alone change who is in these lanes, until it ends. */
  lock(on: PostgresQueries, lanes: readonly Lane[]): Promise<void>;
  /** Locks the lanes of these deliveries. */
  lockOf(on: PostgresQueries, seqs: readonly string[]): Promise<void>;
  /** Gives the first of each lane that nobody holds its turn. */
  promote(on: PostgresQueries, lanes: readonly Lane[]): Promise<void>;
}

export function lanesOf(schema: string, table: string): Lanes {
  // In one order, so that no two transactions wait for each other.
  const lockSorted = (from: string) => `
    SELECT pg_advisory_xact_lock(hash) FROM (
      SELECT DISTINCT hashtextextended('hookproof ${schema} ' || name || ' ' || lane, 0) AS hash FROM ${from} ORDER BY 1
    ) AS sorted`;

  return {
    async lock(on, lanes) {
      if (lanes.length > 0)
        await on.query(lockSorted('unnest($1::text[], $2::text[]) AS l(name, lane)'), columns(lanes));
    },
    async lockOf(on, seqs) {
      await on.query(lockSorted(`${table} WHERE seq = ANY($1::bigint[]) AND lane IS NOT NULL`), [seqs]);
    },
    async promote(on, lanes) {
      if (lanes.length === 0) return;
      await on.query(
        `
        UPDATE ${table} SET parked = false WHERE seq IN (
          SELECT (
            SELECT seq FROM ${table} WHERE in_lane AND name = l.name AND lane = l.lane AND parked ORDER BY seq LIMIT 1
          )
          FROM (SELECT DISTINCT * FROM unnest($1::text[], $2::text[])) AS l(name, lane)
          WHERE NOT EXISTS (SELECT FROM ${table} d WHERE in_lane AND d.name = l.name AND d.lane = l.lane AND NOT parked)
        )`,
        columns(lanes),
      );
    },
  };
}

/** The lanes that rows name. */
export function lanesIn(rows: readonly unknown[]): readonly Lane[] {
  return rows.flatMap((row) => {
    const lane = optionalTextIn(row, 'lane');
    return lane === undefined ? [] : [{ name: textIn(row, 'name'), lane }];
  });
}

function columns(lanes: readonly Lane[]): unknown[] {
  return [lanes.map(({ name }) => name), lanes.map(({ lane }) => lane)];
}
