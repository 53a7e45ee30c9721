import type { AddressInfo } from 'node:net';
import { type HttpBindings, serve } from '@hono/node-server';
import { grantexWebhooks } from '@hookproof/hono';
import { Hono } from 'hono';
import { schemes } from '../deliveries.ts';
import { verifier } from '../hand-written.ts';
import { handle } from '../handle.ts';
import { accepted, type Contender, type Listen, path, scheme } from './contenders.ts';

type App = Hono<{ Bindings: HttpBindings }>;

const { secret } = schemes[scheme];

/** As Hono's documentation has it: `c.req.arrayBuffer()` for the bytes, `c.json()` for the reply. */
function byHand(app: App): void {
  const verify = verifier(scheme, secret);
  app.post(path, async (c) => {
    const body = Buffer.from(await c.req.arrayBuffer());
    if (!verify((name) => c.req.header(name), body)) return c.json({ outcome: 'refused' }, 401);
    await handle(JSON.parse(body.toString()));
    return c.json(accepted);
  });
}

/** The body from Node's own stream, and no serialiser: the least that Hono on Node can do. */
function withoutVerification(app: App): void {
  const text = JSON.stringify(accepted);
  app.post(path, async (c) => {
    await new Promise((resolve) => c.env.incoming.resume().once('end', resolve));
    return c.body(text, 200, { 'content-type': 'application/json' });
  });
}

const on = { 'grant.revoked': handle };

const mount: Readonly<Record<Contender, (app: App) => unknown>> = {
  'hand-written': byHand,
  hookproof: (app) => app.post(path, grantexWebhooks({ signature: 'v2', secret, on, dedupe: false })),
  'hookproof with dedupe': (app) => app.post(path, grantexWebhooks({ signature: 'v2', secret, on })),
  'no verification': withoutVerification,
};

export const listen: Listen = (contender) =>
  new Promise<AddressInfo>((resolve) => {
    const app = new Hono<{ Bindings: HttpBindings }>();
    mount[contender](app);
    serve({ fetch: app.fetch, port: 0, hostname: '127.0.0.1' }, resolve);
  });
