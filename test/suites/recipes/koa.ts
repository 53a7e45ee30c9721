import { createReceiver, grantex } from '@hookproof/core';
import { letGoOfUpload } from '@hookproof/core/adapter';
import Koa from 'koa';
import rawBody from 'raw-body';

const receiver = createReceiver({
  provider: grantex(),
  secret: () => process.env.GRANTEX_SECRET ?? '',
  on: { 'grant.revoked': ({ data }) => console.log('revoked:', data.grantId) },
  framework: 'koa',
});

export const app = new Koa();
app.use(async (ctx, next) => {
  if (ctx.path !== '/webhooks/grantex') return next();
  const { method, headers, req } = ctx;
  const reply = await receiver.receive({ method, headers, body: ({ maxBytes }) => rawBody(req, { limit: maxBytes }) });
  ctx.status = reply.status;
  ctx.set(reply.headers);
  if (letGoOfUpload(req)) ctx.set('connection', 'close');
  ctx.body = reply.body;
});
