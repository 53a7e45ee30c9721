import type { AddressInfo } from 'node:net';
import { serve } from '@hono/node-server';
import { grantexWebhooks } from '@hookproof/hono';
import { Hono } from 'hono';
import { schemes } from '../deliveries.ts';
import { handWritten } from '../hand-written.ts';
import { handle } from '../handle.ts';
import { accepted, type Contender, type Listen, path, scheme } from './contenders.ts';

const { secret } = schemes[scheme];

/** As Hono's documentation has it: `c.req.arrayBuffer()` for the bytes, `c.json()` for the reply. */
function byHand(app: Hono): void {
  const verify = handWritten[scheme];
  app.post(path, async (c) => {
    const body = Buffer.from(await c.req.arrayBuffer());
    if (!verify((name) => c.req.header(name), body)) return c.json({ outcome: 'refused' }, 401);
    await handle(JSON.parse(body.toString()));
    return c.json(accepted);
  });
}

const on = { 'grant.revoked': handle };

const mount: Readonly<Record<Contender, (app: Hono) => unknown>> = {
  'hand-written': byHand,
  hookproof: (app) => app.post(path, grantexWebhooks({ signature: 'v2', secret, on, dedupe: false })),
  'hookproof with dedupe': (app) => app.post(path, grantexWebhooks({ signature: 'v2', secret, on })),
};

export const listen: Listen = (contender) =>
  new Promise<AddressInfo>((resolve) => {
    const app = new Hono();
    mount[contender](app);
    serve({ fetch: app.fetch, port: 0, hostname: '127.0.0.1' }, resolve);
  });
