// Compiled without the types of Node: what core and the Hono adapter declare must do with those of the web.
import { createReceiver, grantex } from '@hookproof/core';
import { gravvWebhooks } from '@hookproof/hono';
import { type Context, Hono } from 'hono';

type Env = { Bindings: { GRAVV_SECRET: string; GRANTEX_SECRET: string } };

const receiver = createReceiver({
  provider: grantex({ signature: 'v2' }),
  secret: 'a secret for tests',
  on: { 'grant.*': ({ type, data }) => console.log(type, data.grantId) },
});

export default new Hono<Env>()
  .post('/grantex', (c) => receiver.fetch(c.req.raw))
  .post(
    '/gravv',
    gravvWebhooks({ secret: (c: Context<Env>) => c.env.GRAVV_SECRET, on: { '*': ({ type }) => console.log(type) } }),
  );
