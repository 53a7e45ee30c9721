// A process that stores one event and handles it in a transaction, and may kill itself before any statement.
import { postgresInbox } from '@hookproof/inbox/postgres';
import pg from 'pg';
import { blockDevice, event, statementOf } from './postgres-device.ts';

const [url = '', schema = '', killBefore = '0'] = process.argv.slice(2);

/** Announcements, new connections, signs of life, and what an inbox does now and then. */
const beside =
  /pg_notify|LISTEN|pg_backend_pid|enable_seqscan|WITH asked|SELECT DISTINCT name, state|known_until <=|AND finished_at </;
let stored = false;
let taken = false;
/** Whether a statement is one of the delivery's own way: of those that take, only the first one that can find it. */
function isOnTheWay(text: string): boolean {
  if (beside.test(text)) return false;
  if (!text.includes('SKIP LOCKED')) return true;
  if (!stored || taken) return false;
  taken = true;
  return true;
}

let statements = 0;
let counting = false;
const query: unknown = Reflect.get(pg.Client.prototype, 'query');
if (typeof query !== 'function') throw new TypeError('pg has no query()');
Reflect.set(pg.Client.prototype, 'query', function counted(this: unknown, ...args: unknown[]) {
  // What runs beside it would take a number now and then.
  if (!counting || !isOnTheWay(statementOf(args).text)) return Reflect.apply(query, this, args);
  statements += 1;
  if (String(statements) === killBefore) process.kill(process.pid, 'SIGKILL');
  return Reflect.apply(query, this, args);
});

const pool = new pg.Pool({ connectionString: url });
const inbox = postgresInbox({ pool, schema, leaseMs: 600, pollMs: 60_000 });
const handled = new Promise<void>((resolve) => {
  inbox.register({
    name: 'devices',
    async work(attempt) {
      await blockDevice(pool, schema, attempt);
      const { outcome } = await attempt.settle(undefined);
      resolve();
      return outcome;
    },
  });
});
await inbox.counts();
counting = true;
await inbox.accept(event);
stored = true;
await handled;
const atHandled = statements;
// It must end by itself after this.
await inbox.close();
await pool.end();
console.log(atHandled);
