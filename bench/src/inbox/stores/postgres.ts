import { postgresInbox } from '@hookproof/inbox/postgres';
import { Pool } from 'pg';
import PgBoss from 'pg-boss';
import { proven } from '../deliveries.ts';
import { type Contenders, libraries } from './contender.ts';

/** A single insert and the inbox's `accept` through the same pool, and pg-boss's `insert` through one as large. */
export async function postgresContenders(url: string): Promise<Contenders> {
  const pool = new Pool({ connectionString: url });
  const inbox = postgresInbox({ pool, work: false });
  const next = await proven();
  await inbox.accept(next());
  await pool.query(`
    CREATE TABLE raw (
      seq bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
      name text, key text, type text, lane text, received_at timestamptz, headers jsonb, body bytea)`);
  const insert = {
    name: 'raw',
    text: 'INSERT INTO raw (name, key, type, lane, received_at, headers, body) VALUES ($1, $2, $3, $4, $5, $6, $7)',
  };
  /** One insert is one transaction: no other index, no lookup. */
  const insertOne = () => {
    const { name, key, type, lane, headers, body } = next();
    return pool.query({
      ...insert,
      values: [name, key, type, lane, new Date(), JSON.stringify([...headers]), body],
    });
  };
  const boss = new PgBoss({ connectionString: url, max: pool.options.max, schedule: false, supervise: false });
  boss.on('error', (error) => console.error(error));
  await boss.start();
  await boss.createQueue('grantex');
  const insertJob = () => {
    const { key, type, headers, body } = next();
    return boss.insert([{ name: 'grantex', data: { key, type, headers: [...headers], body: body.toString() } }]);
  };
  const contender = (callers: number, call: () => Promise<unknown>) => ({
    callers,
    open: async () => ({ call, close: () => undefined }),
  });
  return {
    'raw insert, 1 caller': contender(1, insertOne),
    'raw insert, 64 callers': contender(64, insertOne),
    [`${libraries.postgres}, 1 caller`]: contender(1, insertJob),
    [`${libraries.postgres}, 64 callers`]: contender(64, insertJob),
    'accept, 1 caller': contender(1, () => inbox.accept(next())),
    'accept, 64 callers': contender(64, () => inbox.accept(next())),
  };
}
