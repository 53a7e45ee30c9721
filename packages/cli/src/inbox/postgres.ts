import { Socket } from 'node:net';
import { type Inbox, WebhookError } from '@hookproof/core';
import { type PostgresClient, type PostgresPool, type PostgresQueries, postgresInbox } from '@hookproof/inbox/postgres';
import { exitCode } from '../exit-code.ts';
import { Failure } from '../failure.ts';
import { printable } from '../terminal.ts';
import { type Access, made, type OpenInbox, quiet } from './engine.ts';
import { loadPeer } from './peers.ts';
import type { Places, Store } from './store.ts';
import { noInbox, patienceMs } from './trouble.ts';

/** Opens the inbox that a schema of Postgres has. */
export async function openPostgres({ location, label }: Store, places: Places, access: Access): Promise<OpenInbox> {
  const { default: pg } = await loadPeer('pg', () => import('pg'));
  const { schema = 'hookproof' } = places;
  const sockets: Socket[] = [];
  const pool = new pg.Pool({
    connectionString: location,
    connectionTimeoutMillis: patienceMs,
    max: 3,
    application_name: 'hookproof',
    stream: () => {
      const socket = new Socket();
      sockets.push(socket);
      return socket;
    },
  });
  // A connection that breaks fails what is asked next.
  pool.on('error', () => undefined);
  try {
    const looking = made(() => postgresInbox({ pool: readOnly(pool), schema, ...quiet }));
    await checkTables(pool, label, schema);
    await openUnchanged(looking, label);
    if (access === 'look') return { inbox: looking, close: () => closeBoth(looking, pool) };
    await looking.close();
    const inbox = postgresInbox({ pool, schema, ...quiet });
    return { inbox, close: () => closeBoth(inbox, pool) };
  } catch (error) {
    await pool.end();
    // pg leaves a connection open whose log-in failed on this side, such as for want of a password, and with it the process.
    for (const socket of sockets) socket.destroy();
    throw error;
  }
}

async function closeBoth(inbox: Inbox, pool: { end(): Promise<void> }): Promise<void> {
  await inbox.close();
  await pool.end();
}

/** The inbox would make what is not there. */
async function checkTables(pool: PostgresPool, label: string, schema: string): Promise<void> {
  const inboxes = await schemasWith(pool, 'inbox_deliveries');
  if (!inboxes.includes(schema)) {
    throw noInbox(
      `${label} has no inbox in the schema "${schema}": there is no table inbox_deliveries.`,
      inboxes.length === 0
        ? 'No other schema of this database has one. Is it the database of your app?'
        : `There is one in ${inboxes.map((one) => `"${printable(one)}"`).join(', ')}: give --schema.`,
    );
  }
}

async function schemasWith(pool: PostgresPool, table: string): Promise<readonly string[]> {
  const { rows } = await pool.query('SELECT schemaname FROM pg_catalog.pg_tables WHERE tablename = $1 ORDER BY 1', [
    table,
  ]);
  return rows.map((row) => String(Reflect.get(Object(row), 'schemaname')));
}

/** Opens the inbox where nothing can be written: another version of it would change the app's tables. */
async function openUnchanged(inbox: Inbox, label: string): Promise<void> {
  try {
    await inbox.get('0');
  } catch (cause) {
    await inbox.close();
    const refusal = cause instanceof WebhookError ? cause.cause : cause;
    if (Reflect.get(Object(refusal), 'code') !== readOnlyTransaction) throw cause;
    throw new Failure(
      exitCode.failed,
      'other_version',
      `${label} was made by another version of what is installed here.`,
      {
        fix: 'Nothing was changed. Install the version of @hookproof/inbox that your app has.',
        cause,
      },
    );
  }
}

const readOnlyTransaction = '25006';

/** The same pool, where each statement is a transaction of its own that cannot write. */
function readOnly(pool: PostgresPool): PostgresPool {
  async function connect(): Promise<PostgresClient> {
    const client = await pool.connect();
    return {
      query: (text, values) => queryReadOnly(client, text, values),
      release: (broken) => client.release(broken),
      on: (event, listener) => client.on(event, listener),
      off: (event, listener) => client.off(event, listener),
    };
  }
  return {
    connect,
    async query(text, values) {
      const client = await connect();
      let broken: Error | undefined;
      // A connection that breaks tells so by this event too, which nobody may miss.
      const note = (error: Error) => {
        broken = error;
      };
      client.on('error', note);
      try {
        return await client.query(text, values);
      } finally {
        client.off('error', note);
        client.release(broken);
      }
    },
    on: (event, listener) => pool.on(event, listener),
    off: (event, listener) => pool.off(event, listener),
  };
}

async function queryReadOnly(client: PostgresQueries, text: string, values: unknown[] | undefined) {
  await client.query('BEGIN READ ONLY');
  try {
    return await client.query(text, values);
  } finally {
    // Of a connection that broke the first error says more.
    await client.query('ROLLBACK').catch(() => undefined);
  }
}
