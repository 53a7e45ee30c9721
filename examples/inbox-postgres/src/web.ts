import { grantiva } from '@hookproof/core';
import { webhooks } from '@hookproof/fastify';
import { postgresInbox } from '@hookproof/inbox/postgres';
import Fastify from 'fastify';
import { openPool } from './database.ts';
import { grantivaOptions } from './receivers.ts';

const { HOST = '127.0.0.1', PORT = '3000' } = process.env;

const pool = await openPool();
const inbox = postgresInbox({ pool, work: false }); // it stores, and never handles
const app = Fastify();
await app.register(webhooks(grantiva(), grantivaOptions({ inbox, pool })));

console.log(`Listening on ${await app.listen({ port: Number(PORT), host: HOST })}`);

const signals = ['SIGTERM', 'SIGINT'] as const;
for (const signal of signals) process.on(signal, shutDown);

async function shutDown(): Promise<void> {
  for (const signal of signals) process.off(signal, shutDown); // a second one ends at once
  await app.close();
  await inbox.close();
  await pool.end();
}
