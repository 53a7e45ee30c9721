import { createReceiver, grantex, gravv } from '@hookproof/core';
import { bodyParser } from '@koa/bodyparser';
import Koa from 'koa';
import rawBody from 'raw-body';
import told from './told.cjs';

const { listening, optionsOf } = told;
const receivers = new Map([
  ['/webhooks/grantex', createReceiver({ provider: grantex(), ...optionsOf('grantex') })],
  ['/webhooks/gravv', createReceiver({ provider: gravv(), ...optionsOf('gravv') })],
]);

const app = new Koa();
app.use(async (ctx, next) => {
  const receiver = receivers.get(ctx.path);
  if (receiver === undefined) return next();
  const body = await rawBody(ctx.req, { limit: '1mb' });
  const { status, headers, body: text } = await receiver.receive({ method: ctx.method, headers: ctx.headers, body });
  ctx.status = status;
  ctx.set(headers);
  ctx.body = text;
});
app.use(bodyParser());
app.use((ctx) => {
  if (ctx.path === '/echo') ctx.body = ctx.request.body;
});
const server = app.listen(0, '127.0.0.1', () => listening(server));
