// The example's server, which kills itself after a given statement of its handler's transaction.
import type { AddressInfo } from 'node:net';
import { type SqliteDatabase, sqliteInbox } from '@hookproof/inbox/sqlite';
import { createApp } from '../src/app.ts';
import { openDatabase } from '../src/database.ts';

const { DATABASE = '', SECRET = '', KILL_AFTER = 'Infinity' } = process.env;

const database = openDatabase(DATABASE);
let done = 0;

function step<T>(sql: string, run: () => T): T {
  const result = run();
  done += 1;
  console.log(`statement ${done}: ${sql.trim().split(/\s/, 1)}`);
  if (done === Number(KILL_AFTER)) process.kill(process.pid, 'SIGKILL');
  return result;
}

/** The handler's handle: the same connection as the inbox's, whose own statements are not counted. */
const counted: SqliteDatabase = {
  exec: (sql) => step(sql, () => database.exec(sql)),
  prepare(sql) {
    const statement = database.prepare(sql);
    return {
      run: (...values) => step(sql, () => statement.run(...values)),
      get: (...values) => step(sql, () => statement.get(...values)),
      all: (...values) => step(sql, () => statement.all(...values)),
    };
  },
  close: () => database.close(),
};

const inbox = sqliteInbox({ database, leaseMs: 300, pollMs: 50 });
const app = createApp({ secret: SECRET, database: counted, inbox, endSessions: async () => undefined });
const server = app.listen(0, '127.0.0.1', () => {
  console.log(`Listening on http://127.0.0.1:${(server.address() as AddressInfo).port}`);
});
