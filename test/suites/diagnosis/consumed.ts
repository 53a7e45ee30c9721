import { grantex } from '@hookproof/core';
import { webhooks } from '@hookproof/express';
import express, { type Request } from 'express';
import express4 from 'express4';
import { onExpress4, onExpress5, onFastifyAfter, onHonoAfter } from './apps.ts';
import type { Mistake, Serve } from './mistake.ts';
import { fromGrantex, newSecret, withHeaders } from './senders.ts';
import { bodyOf } from './wire.ts';

function consumed(
  what: string,
  explains: string,
  fix: string,
  serve: Serve,
  corrected: Serve,
  contentType = 'application/json',
): Mistake {
  return {
    cause: 'body_consumed',
    what,
    async scene() {
      const secret = newSecret();
      const sent = withHeaders(await fromGrantex(secret), { 'content-type': contentType });
      return { provider: grantex(), options: { secret }, serve, sent };
    },
    explains,
    fix,
    evidence: {},
    corrected: () => ({ serve: corrected }),
  };
}

const keep = (req: object, _res: unknown, rawBody: Buffer) => void Object.assign(req, { rawBody });
const mountBefore = 'Mount the webhooks middleware before it';

/** An app in which something has read the body before the receiver. */
export const bodyConsumed: readonly Mistake[] = [
  consumed(
    'express.json() before the middleware',
    'by a JSON parser such as express.json()',
    mountBefore,
    (provider, options) => express().use(express.json(), webhooks(provider, options)),
    (provider, options) => express().use(webhooks(provider, options), express.json()),
  ),
  consumed(
    'express.json() of Express 4, which has to stay where it is',
    'by a JSON parser such as express.json()',
    'or keep the bytes: express.json({ verify: (req, _res, bytes) => { req.rawBody = bytes } })',
    (provider, options) => express4().use(express4.json(), webhooks(provider, options)),
    (provider, options) => express4().use(express4.json({ verify: keep }), webhooks(provider, options)),
  ),
  consumed(
    'a text parser before the middleware',
    'by a text parser such as express.text()',
    mountBefore,
    (provider, options) => express4().use(express4.text({ type: '*/*' }), webhooks(provider, options)),
    onExpress4,
  ),
  consumed(
    'a form parser before the middleware',
    'by a form parser such as express.urlencoded()',
    mountBefore,
    (provider, options) => express().use(express.urlencoded(), webhooks(provider, options)),
    onExpress5,
    'application/x-www-form-urlencoded',
  ),
  consumed(
    'a middleware that reads the stream itself, to log it',
    'by a middleware that reads the request stream',
    mountBefore,
    (provider, options) =>
      express().use(
        async (req, _res, next) => {
          await bodyOf(req);
          next();
        },
        webhooks(provider, options),
      ),
    onExpress5,
  ),
  consumed(
    'a middleware that keeps the body as a string',
    'something that kept it as a string in req.rawBody, where a Buffer is needed',
    'keep the bytes',
    (provider, options) =>
      express().use(
        async (req: Request & { rawBody?: string }, _res, next) => {
          req.rawBody = (await bodyOf(req)).toString();
          next();
        },
        webhooks(provider, options),
      ),
    (provider, options) => express().use(express.json({ verify: keep }), webhooks(provider, options)),
  ),
  consumed(
    'a preParsing hook of Fastify that reads the stream',
    'by an onRequest or preParsing hook that left no bytes',
    'Keep them in request.rawBody as a Buffer',
    onFastifyAfter((app) => app.addHook('preParsing', async (request) => void (await bodyOf(request.raw)))),
    onFastifyAfter((app) => {
      app.decorateRequest('rawBody');
      app.addHook('preParsing', async (request) => {
        Object.assign(request, { rawBody: await bodyOf(request.raw) });
      });
    }),
  ),
  consumed(
    'c.req.json() in a middleware of Hono',
    'by c.req.json(), text(), parseBody() or a validator in an earlier middleware',
    'or let it call c.req.arrayBuffer(), which keeps the bytes',
    onHonoAfter(async (c, next) => {
      await c.req.json();
      await next();
    }),
    onHonoAfter(async (c, next) => {
      await c.req.arrayBuffer();
      await next();
    }),
  ),
];
