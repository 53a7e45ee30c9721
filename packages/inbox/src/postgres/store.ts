import type { Settings } from '../options.ts';
import { type PostgresQueries, transaction, untilNoConflict } from './client.ts';
import type { Lanes } from './lanes.ts';
import type { LimitedPool } from './limits.ts';

/** What every step needs. */
export interface Store {
  readonly pool: LimitedPool;
  /** The same for what may take long, because it goes through much. */
  readonly patient: LimitedPool;
  /** The table's name with its schema, quoted. */
  readonly table: string;
  /** The name of the table of what was pruned, likewise. */
  readonly keys: string;
  /** What numbers the deliveries. */
  readonly sequence: string;
  readonly lanes: Lanes;
  readonly settings: Settings;
  /** Whether a statement alone is as durable and isolated as one in a transaction that says so. */
  plain: boolean;
}

/** Runs statements that change something, each alone and in as few round trips as it takes to have it durable. */
export function alone({ pool, plain }: Store): PostgresQueries {
  if (plain) return { query: (text, values = []) => untilNoConflict(() => pool.prepared(text, values)) };
  return { query: (text, values) => transaction(pool, (on) => on.query(text, values)) };
}

/** Whether the server, the database and the role were left as Postgres has them: they may have commits not wait for the disk. */
export async function isPlain(on: PostgresQueries): Promise<boolean> {
  const { rows } = await on.query(
    `SELECT 1 WHERE current_setting('synchronous_commit') <> 'off'
      AND current_setting('default_transaction_isolation') = 'read committed'
      AND current_setting('default_transaction_read_only') = 'off'`,
  );
  return rows.length > 0;
}
