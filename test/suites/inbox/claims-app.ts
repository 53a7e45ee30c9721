// An app in a process of its own that shares its claims with others, over HTTP. The path of a request names the claims (a
// schema in Postgres, a prefix in Redis) and the lease in milliseconds. The parent is told of each event whose handler
// begins or ends, and says how those end that are held.
import { once } from 'node:events';
import { createServer } from 'node:http';
import { register } from 'node:module';
import { setTimeout as pause } from 'node:timers/promises';
import { type ClaimStore, grantex } from '@hookproof/core';
import { type WebhookMiddleware, webhooks } from '@hookproof/express';
import { Redis } from 'ioredis';
import pg from 'pg';

/** Where the app keeps its claims, fit to be told to another process. */
export interface Place {
  readonly engine: 'postgres' | 'redis';
  readonly url: string;
  readonly secret: string;
}

// Who has claims and no inbox has installed neither of these.
const notInstalled = `
  export function resolve(name, context, next) {
    if (name !== 'bullmq') return next(name, context);
    throw Object.assign(new Error(name + ' is not installed'), { code: 'ERR_MODULE_NOT_FOUND' });
  }`;
register(`data:text/javascript,${encodeURIComponent(notInstalled)}`);
const { postgresClaims } = await import('@hookproof/inbox/postgres');
const { redisClaims } = await import('@hookproof/inbox/redis');

const { engine, url, secret }: Place = JSON.parse(process.argv[2] ?? '');
const openClaims = engine === 'postgres' ? inPostgres() : inRedis();
const receivers = new Map<string, WebhookMiddleware>();

function inPostgres(): (schema: string) => ClaimStore {
  const pool = new pg.Pool({ connectionString: url });
  return (schema) => postgresClaims(pool, { schema });
}

function inRedis(): (prefix: string) => ClaimStore {
  const client = new Redis(url);
  return (prefix) => redisClaims(client, { prefix });
}

function receiverOf(path: string): WebhookMiddleware {
  const [, name = '', leaseMs] = path.split('/');
  const claims = openClaims(name);
  return webhooks(grantex(), {
    path,
    secret,
    // A receiver's own leases are longer than a minute.
    dedupe: { claim: (key) => claims.claim(key, Number(leaseMs)) },
    on: {
      'grant.revoked': async ({ id, data }) => {
        process.send?.(`begins ${id}`);
        if (data.grantId === 'held') {
          const [how] = await once(process, 'message');
          if (how === 'fail') throw new Error('it failed');
        } else await pause(Math.random() * 5);
        process.send?.(`ends ${id}`);
      },
    },
    onOutcome: ({ error }) => {
      if (error !== undefined) process.send?.(`error ${error.code}`);
    },
  });
}

const server = createServer((request, response) => {
  const path = request.url ?? '';
  const receiver = receivers.get(path) ?? receiverOf(path);
  receivers.set(path, receiver);
  void receiver(request, response);
});
await once(server.listen(0, '127.0.0.1'), 'listening');
const address = server.address();
process.on('disconnect', () => process.exit());
process.send?.(`up ${typeof address === 'object' ? address?.port : address}`);
