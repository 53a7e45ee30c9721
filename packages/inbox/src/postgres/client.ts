/** What runs statements: a client of the package pg, with or without an open transaction. */
export interface PostgresQueries {
  /** Runs a statement with its parameters. */
  query(text: string, values?: unknown[]): Promise<{ readonly rows: unknown[] }>;
}

/** A client with an open transaction. A pool is none, though it has `query`: each statement may get another client. */
export interface PostgresTransaction extends PostgresQueries {
  /** What only pools of pg have. */
  readonly totalCount?: undefined;
}

/** A client that was taken from a pool. */
export interface PostgresClient extends PostgresQueries {
  /** Gives it back to the pool; with an error it is closed instead. */
  release(broken?: Error | boolean): void;
  /** Listens for connections that break. */
  on(event: 'error', listener: (error: Error) => void): unknown;
  /** Listens no longer. */
  off(event: 'error', listener: (error: Error) => void): unknown;
}

/** A pool of connections, as `new Pool()` of the package pg makes it. */
export interface PostgresPool extends PostgresQueries {
  /** Takes a client of its own out of the pool. */
  connect(): Promise<PostgresClient>;
  /** Listens for connections that break. */
  on(event: 'error', listener: (error: Error) => void): unknown;
  /** Listens no longer. */
  off(event: 'error', listener: (error: Error) => void): unknown;
}

/** Whether something has the methods of a pool. */
export function isPool(value: unknown): value is PostgresPool {
  return ['query', 'connect', 'on', 'off'].every((name) => isFunction(value, name));
}

/** Whether something has the methods of a client, or of what a query builder gives for one. */
export function runsQueries(value: unknown): value is PostgresQueries {
  return isFunction(value, 'query');
}

function isFunction(value: unknown, name: string): boolean {
  return typeof value === 'object' && value !== null && typeof Reflect.get(value, name) === 'function';
}

/**
 * Begins a transaction whose end is on the disk before it is told. Where the server or the role was set to tell it
 * earlier, that holds for others; every other level is at least as good, and stays.
 */
const begin = `
  BEGIN ISOLATION LEVEL READ COMMITTED;
  SELECT set_config('synchronous_commit', 'on', true) WHERE current_setting('synchronous_commit') = 'off'`;

const tries = 5;

/** Does a step in a transaction of its own, again where Postgres chose it to end a deadlock. */
export function transaction<T>(pool: PostgresPool, step: (on: PostgresQueries) => Promise<T>): Promise<T> {
  return untilNoConflict(() =>
    withClient(pool, async (client) => {
      await client.query(begin);
      const result = await step(client);
      const ended = await client.query('COMMIT');
      // So Postgres answers where a statement had failed and nobody looked.
      if (Reflect.get(ended, 'command') === 'ROLLBACK') throw new Error('Postgres rolled the transaction back');
      return result;
    }),
  );
}

/** Does a step again where Postgres rolled it back for the sake of another. */
export async function untilNoConflict<T>(step: () => Promise<T>): Promise<T> {
  for (let left = tries - 1; ; left -= 1) {
    try {
      return await step();
    } catch (error) {
      if (left === 0 || !isConflict(error)) throw error;
    }
  }
}

/** Takes a client from the pool, and gives it back without an open transaction. */
export async function withClient<Client extends PostgresClient, T>(
  pool: { readonly connect: () => Promise<Client> },
  run: (client: Client) => Promise<T>,
): Promise<T> {
  const client = await pool.connect();
  let broken: Error | undefined;
  // A connection that breaks between two statements tells so by this event, which nobody may miss.
  const note = (error: Error) => {
    broken = error;
  };
  client.on('error', note);
  try {
    return await run(client);
  } catch (error) {
    await client.query('ROLLBACK').catch(note);
    throw error;
  } finally {
    client.off('error', note);
    client.release(broken);
  }
}

/** What a step throws that met what another has just changed: it is done again. */
export function conflict(what: string): Error {
  return Object.assign(new Error(what), { code: serializationFailure });
}

const serializationFailure = '40001';
const deadlockDetected = '40P01';
const uniqueViolation = '23505';

function isConflict(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  const code: unknown = Reflect.get(error, 'code');
  // Two that make the same schema or table at once meet in Postgres's own tables: the second then finds it made.
  const madeTwice = code === uniqueViolation && Reflect.get(error, 'schema') === 'pg_catalog';
  return code === serializationFailure || code === deadlockDetected || madeTwice;
}
