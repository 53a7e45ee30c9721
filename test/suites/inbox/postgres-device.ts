import type { Attempt, NewDelivery } from '@hookproof/core/inbox';
import type { PostgresTransaction } from '@hookproof/inbox/postgres';
import type pg from 'pg';

/** The event that the tests of `complete` handle. */
export const event: NewDelivery = {
  name: 'devices',
  key: 'evt_1',
  type: 'device.high_risk',
  owner: undefined,
  lane: 'dev_1',
  headers: new Map([['a', 'b']]),
  body: new TextEncoder().encode('{"id":"evt_1"}'),
};

/** An attempt at a delivery of a `postgresInbox`. */
export type PostgresAttempt = Attempt<(client: PostgresTransaction) => Promise<void>>;

/** Blocks a device and records the event as handled, both or neither. */
export async function blockDevice(pool: pg.Pool, schema: string, attempt: PostgresAttempt): Promise<void> {
  const client = await pool.connect();
  try {
    await client.query('BEGIN');
    await client.query(`INSERT INTO ${schema}.blocked VALUES ('dev_1')`);
    await attempt.complete(client);
    await client.query('COMMIT');
  } catch (error) {
    await client.query('ROLLBACK');
    throw error;
  } finally {
    client.release();
  }
}

/** The text and the values of what the `query` of pg was given, which takes them in two forms. */
export function statementOf([first, second]: readonly unknown[]): { text: string; values: unknown[] | undefined } {
  const text: unknown = typeof first === 'string' ? first : Reflect.get(Object(first), 'text');
  const values: unknown = typeof first === 'string' ? second : Reflect.get(Object(first), 'values');
  return { text: String(text), values: Array.isArray(values) ? values : undefined };
}

/** Notes each statement with values that the connections of a pool run from now on, and the last values of each. */
export function watchStatements(pool: pg.Pool): ReadonlyMap<string, unknown[]> {
  const statements = new Map<string, unknown[]>();
  pool.on('connect', (client) => {
    const { query } = client;
    Reflect.set(client, 'query', (...given: unknown[]) => {
      const { text, values } = statementOf(given);
      if (values !== undefined) statements.set(text, values);
      return Reflect.apply(query, client, given);
    });
  });
  return statements;
}
