import { createReceiver, grantiva } from '@hookproof/core';
import { postgresInbox } from '@hookproof/inbox/postgres';
import { openPool } from './database.ts';
import { grantivaOptions } from './receivers.ts';

// For cron, where no worker stays up: works until nothing is due, for at most 50 seconds.
const pool = await openPool();
const inbox = postgresInbox({ pool, work: false });
createReceiver({ provider: grantiva(), ...grantivaOptions({ inbox, pool }) });

const { handled, retried, dead } = await inbox.drain({ maxMs: 50_000 });
console.log(`${handled} handled, ${retried} to be tried again, ${dead} dead`);

await inbox.close();
await pool.end();
