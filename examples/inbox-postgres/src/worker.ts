import { createReceiver, grantiva } from '@hookproof/core';
import { gracefulShutdown } from '@hookproof/inbox';
import { postgresInbox } from '@hookproof/inbox/postgres';
import { openPool } from './database.ts';
import { grantivaOptions } from './receivers.ts';

const pool = await openPool();
// At most as many at once as the pool has connections for: a handler holds one for its transaction.
const inbox = postgresInbox({ pool, concurrency: 5, leaseMs: Number(process.env['LEASE_MS'] ?? 30_000) });
// Made, and mounted nowhere: from here on this process works on what the web processes stored.
createReceiver({ provider: grantiva(), ...grantivaOptions({ inbox, pool }) });
// It has no server; what it works on is finished.
gracefulShutdown([], { inboxes: [inbox], signals: ['SIGTERM', 'SIGINT'], afterClose: () => pool.end() });
console.log('Working');
