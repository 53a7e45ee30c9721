import { grantiva } from '@hookproof/core';
import { webhooks } from '@hookproof/fastify';
import { gracefulShutdown } from '@hookproof/inbox';
import { postgresInbox } from '@hookproof/inbox/postgres';
import Fastify from 'fastify';
import { openPool } from './database.ts';
import { grantivaOptions } from './receivers.ts';

const { HOST = '127.0.0.1', PORT = '3000' } = process.env;

const pool = await openPool();
const inbox = postgresInbox({ pool, work: false }); // it stores, and never handles
const app = Fastify();
await app.register(webhooks(grantiva(), grantivaOptions({ inbox, pool })));

gracefulShutdown(app.server, {
  inboxes: [inbox],
  signals: ['SIGTERM', 'SIGINT'],
  afterClose: () => Promise.all([app.close(), pool.end()]),
});
console.log(`Listening on ${await app.listen({ port: Number(PORT), host: HOST })}`);
