import { textIn } from '../columns.ts';
import type { PostgresClient } from './client.ts';

/** Runs a prepared statement with values. */
export type Named = (values: unknown[]) => Promise<{ readonly rows: unknown[] }>;

/**
 * Has each connection prepare a statement once: to read and plan them takes as long as to run them. That needs connections
 * that are nobody else's, and each a session of the server's own: PgBouncer may give every transaction another one, and its
 * connections tell another process than the server does.
 *
 * @param isOwn whether nobody else uses the connections
 * @returns makes what runs a statement; undefined where it cannot be prepared
 */
export function preparedStatements(isOwn: boolean) {
  const names = new Map<string, string>();
  const ready = new WeakSet<PostgresClient>();
  let possible = isOwn;

  async function makeReady(client: PostgresClient): Promise<void> {
    const { rows } = await client.query('SELECT pg_backend_pid()::text AS pid');
    possible &&= textIn(rows[0], 'pid') === String(Reflect.get(client, 'processID'));
    // A plan is kept: it must fit a table that is empty now and holds a million deliveries in a minute.
    if (possible) await client.query('SET enable_seqscan = off');
    ready.add(client);
  }

  return async (client: PostgresClient, text: string): Promise<Named | undefined> => {
    if (!possible) return undefined;
    if (!ready.has(client)) await makeReady(client);
    if (!possible) return undefined;
    const name = names.get(text) ?? `hookproof_${names.size}`;
    names.set(text, name);
    return async (values) => {
      const answer: unknown = await Reflect.apply(client.query, client, [{ name, text, values }]);
      const rows: unknown = Reflect.get(Object(answer), 'rows');
      if (Array.isArray(rows)) return { rows };
      throw new TypeError('the database returned no rows');
    };
  };
}
