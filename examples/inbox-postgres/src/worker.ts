import { createReceiver, grantiva } from '@hookproof/core';
import { postgresInbox } from '@hookproof/inbox/postgres';
import { openPool } from './database.ts';
import { grantivaOptions } from './receivers.ts';

const pool = await openPool();
// At most as many at once as the pool has connections for: a handler holds one for its transaction.
const inbox = postgresInbox({ pool, concurrency: 5, leaseMs: Number(process.env['LEASE_MS'] ?? 30_000) });
// Made, and mounted nowhere: from here on this process works on what the web processes stored.
createReceiver({ provider: grantiva(), ...grantivaOptions({ inbox, pool }) });
console.log('Working');

const signals = ['SIGTERM', 'SIGINT'] as const;
for (const signal of signals) process.on(signal, shutDown);

async function shutDown(): Promise<void> {
  for (const signal of signals) process.off(signal, shutDown); // a second one ends at once
  await inbox.close();
  await pool.end();
}
