import { createReceiver, defineProvider, grantex, grantiva } from '@hookproof/core';
import { webhooks } from '@hookproof/express';
import { gravvWebhooks } from '@hookproof/hono';
import { postgresInbox } from '@hookproof/inbox/postgres';
import { redisInbox } from '@hookproof/inbox/redis';
import { Hono } from 'hono';
import { Redis } from 'ioredis';
import pg from 'pg';

const secret = 'a secret for the compiler';
export const receiver = createReceiver({
  provider: grantex(),
  secret,
  inbox: postgresInbox({ pool: new pg.Pool() }),
  on: { 'grant.revoked': ({ data }, { complete, attempt }) => [data.grantId.length, complete, attempt.toFixed()] },
});
export const middleware = webhooks(grantiva(), { secret, on: { 'device.*': ({ type }) => type.length } });
createReceiver({
  provider: defineProvider({
    name: 'shop',
    signature: { header: 'x-shop', encoding: 'hex' },
    envelope: { type: 'type', data: 'data' },
  }),
  secret,
  inbox: redisInbox({ connection: new Redis({ lazyConnect: true }) }),
  on: { paid: ({ type }) => type.length },
});
const app = new Hono<{ Bindings: { SECRET: string } }>();
export const route = app.post('/hooks', gravvWebhooks({ secret: (c) => c.env.SECRET, on: { '*': ({ id }) => id } }));
