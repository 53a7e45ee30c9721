// WILD_MIDDLEWARE names what stands before the receivers.
import { serve } from '@hono/node-server';
import { grantexWebhooks, grantivaWebhooks, gravvWebhooks } from '@hookproof/hono';
import { Hono } from 'hono';
import { bodyLimit } from 'hono/body-limit';
import { compress } from 'hono/compress';
import { csrf } from 'hono/csrf';
import { etag } from 'hono/etag';
import { logger } from 'hono/logger';
import { requestId } from 'hono/request-id';
import { secureHeaders } from 'hono/secure-headers';
import { timeout } from 'hono/timeout';
import { timing } from 'hono/timing';
import told from './told.cjs';

const { listening, optionsOf } = told;
const around = {
  logger: logger(() => undefined),
  compress: compress({ threshold: 1 }),
  timeout: timeout(10_000),
  bodyLimit: bodyLimit({ maxSize: 100_000 }),
  csrf: csrf(),
  etag: etag(),
  requestId: requestId(),
  secureHeaders: secureHeaders(),
  timing: timing(),
};

const app = new Hono();
for (const name of process.env.WILD_MIDDLEWARE.split(' ')) app.use(around[name]);
app.post('/webhooks/grantex', grantexWebhooks(optionsOf('on a route')));

const api = new Hono().basePath('/api');
api.all('/hooks/:tenant', gravvWebhooks(optionsOf('below a base path')));
app.route('/', api);

const other = new Hono().post('/hooks', grantivaWebhooks(optionsOf('in an app that is mounted')));
app.mount('/mounted', other.fetch);

app.post('/echo', async (c) => c.json(await c.req.json()));
const server = serve({ fetch: app.fetch, hostname: '127.0.0.1', port: 0 }, () => listening(server));
