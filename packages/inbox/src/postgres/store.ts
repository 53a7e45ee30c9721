import type { Settings } from '../options.ts';
import type { PostgresPool } from './client.ts';
import type { Lanes } from './lanes.ts';
import type { Tickets } from './tickets.ts';

/** What every step needs. */
export interface Store {
  readonly pool: PostgresPool;
  /** The table's name with its schema, quoted. */
  readonly table: string;
  /** The name of the table of what was pruned, likewise. */
  readonly keys: string;
  readonly lanes: Lanes;
  readonly tickets: Tickets;
  readonly settings: Settings;
}
