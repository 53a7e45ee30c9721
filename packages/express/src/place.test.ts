import { createServer, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import { format } from 'node:util';
import { gravv } from '@hookproof/core';
import { sampleEvent, signedDelivery } from '@hookproof/testing';
import express from 'express';
import express4 from 'express4';
import { afterEach, describe, expect, onTestFinished, test, vi } from 'vitest';
import { gravvWebhooks, type WebhookMiddleware } from './index.ts';

const secret = 'a secret for tests';

afterEach(() => {
  vi.unstubAllEnvs();
  vi.restoreAllMocks();
});

async function listen(listener: RequestListener): Promise<string> {
  const server = createServer(listener);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(async () => {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

async function deliver(url: string): Promise<{ status: number; body: string }> {
  const delivery = await signedDelivery(gravv(), sampleEvent(gravv(), 'transfer.status.completed'), { secret });
  return replyOf(fetch(url, delivery));
}

async function replyOf(sent: Promise<Response>): Promise<{ status: number; body: string }> {
  const reply = await sent;
  return { status: reply.status, body: await reply.text() };
}

const post = (url: string) => replyOf(fetch(url, { method: 'POST', body: '{}' }));
const get = (url: string) => replyOf(fetch(url));

const handled = { status: 200, body: '{"outcome":"handled"}' };
const own = { status: 200, body: 'the app’s own' };

/** What an APM agent or an async wrapper puts into a framework in the place of a middleware. */
function wrapped(middleware: WebhookMiddleware): WebhookMiddleware {
  return (request, response, next) => middleware(request, response, next);
}

for (const [name, framework] of [
  ['express 5', express],
  // Their types differ, what is used of them here does not.
  ['express 4', express4 as unknown as typeof express],
] as const) {
  const receiver = () => gravvWebhooks({ secret, on: { '*': () => undefined } });
  const ownHandler = (_req: express.Request, res: express.Response) => void res.send('the app’s own');

  describe(name, () => {
    const wrappedPlaces: Record<string, (app: express.Express) => string> = {
      'a route handler': (app) => {
        app.post('/hooks/:tenant', wrapped(receiver()));
        return '/hooks/acme';
      },
      'a route handler of a parameter alone': (app) => {
        app.post('/:tenant', wrapped(receiver()));
        return '/acme';
      },
      'a route handler of a router': (app) => {
        app.use('/api', framework.Router().post('/hooks', wrapped(receiver())));
        return '/api/hooks';
      },
      'a route handler of a router’s root': (app) => {
        app.use('/api', framework.Router().post('/', wrapped(receiver())));
        return '/api';
      },
      'mounted on a path': (app) => {
        app.use('/hooks', wrapped(receiver()));
        return '/hooks';
      },
      'mounted on a parameter': (app) => {
        app.use('/in/:tenant', wrapped(receiver()));
        return '/in/acme';
      },
      'mounted on a path of an app that is mounted': (app) => {
        app.use('/inner', framework().use('/hooks', wrapped(receiver())));
        return '/inner/hooks';
      },
      'at the root': (app) => {
        app.use(wrapped(receiver()));
        return '/webhooks/gravv';
      },
    };

    test.each(Object.entries(wrappedPlaces))('wrapped, a delivery reaches it as %s', async (_where, mount) => {
      const app = framework();
      const path = mount(app);
      const url = await listen(app);
      expect(await deliver(url + path)).toEqual(handled);
      expect((await deliver(`${url}/elsewhere/altogether`)).status).toBe(404);
    });

    test('wrapped, it leaves the root of a router that it stands in to the app', async () => {
      const router = framework.Router();
      router.use(wrapped(receiver()));
      router.all('/', ownHandler);
      const url = await listen(framework().use('/api', router));
      expect(await get(`${url}/api`)).toEqual(own);
      expect(await post(`${url}/api`)).toEqual(own);
      expect(await deliver(`${url}/api/webhooks/gravv`)).toEqual(handled);
    });

    test('one receiver in two places of an app answers in both', async () => {
      const one = receiver();
      const app = framework().use(one);
      app.post('/hooks/:tenant', wrapped(one));
      app.use('/mounted', one);
      const url = await listen(app);
      for (const path of ['/webhooks/gravv', '/hooks/acme', '/mounted']) {
        expect(await deliver(url + path), path).toEqual(handled);
      }
    });

    test.each([
      ['at the root', '/webhooks/gravv', (app: express.Express) => app.use(receiver())],
      ['mounted', '/hooks', (app: express.Express) => app.use('/hooks', receiver())],
      ['a route handler', '/hooks', (app: express.Express) => app.all('/hooks', receiver())],
    ])('%s, a GET of the app’s own on the same path works in either order', async (_where, path, mount) => {
      const before = framework();
      before.get(path, ownHandler);
      mount(before);
      const after = framework();
      mount(after);
      after.get(path, ownHandler);
      for (const app of [before, after]) {
        const url = (await listen(app)) + path;
        expect(await get(url)).toEqual(own);
        expect(await deliver(url)).toEqual(handled);
        expect((await post(url)).status).toBe(401);
        const put = await fetch(url, { method: 'PUT' });
        expect([put.status, put.headers.get('allow')]).toEqual([405, 'POST']);
      }
    });

    test('a page, a 404 and a parsed body of the app’s own stay as they are', async () => {
      const app = framework().use('/hooks/:tenant', receiver());
      app.get('/hooks/none', (_req, res) => void res.status(404).send('no such tenant'));
      app.use(framework.json());
      app.put('/hooks/acme', (req, res) => void res.json(req.body));
      const url = await listen(app);
      expect(await get(`${url}/hooks/none`)).toEqual({ status: 404, body: 'no such tenant' });
      const headers = { 'content-type': 'application/json' };
      expect(await replyOf(fetch(`${url}/hooks/acme`, { method: 'PUT', headers, body: '{"a":1}' }))).toEqual({
        status: 200,
        body: '{"a":1}',
      });
    });

    test('req.body that throws when it is looked at does no harm', async () => {
      const app = framework();
      app.use((req, _res, next) => {
        const get = () => {
          throw new SyntaxError('Invalid JSON');
        };
        Object.defineProperty(req, 'body', { get, configurable: true });
        Object.defineProperty(req, 'rawBody', { get, configurable: true });
        next();
      });
      app.use('/read', (req, _res, next) => void req.resume().on('end', () => next()));
      app.use('/read', receiver());
      app.use(receiver());
      const url = await listen(app);
      expect(await deliver(`${url}/webhooks/gravv`)).toEqual(handled);
      expect((await deliver(`${url}/read`)).body).toContain('"body_consumed"');
    });

    test('a request that throws when it is looked at is the app’s error, and not the end of the process', async () => {
      const app = framework();
      app.use((req, _res, next) => {
        Object.defineProperty(req, 'readableDidRead', {
          get() {
            throw new Error('not to be looked at');
          },
        });
        next();
      });
      app.use(receiver());
      app.use((error: Error, _req: express.Request, res: express.Response, _next: express.NextFunction) => {
        res.status(500).send(error.message);
      });
      const url = await listen(app);
      expect(await deliver(`${url}/webhooks/gravv`)).toEqual({ status: 500, body: 'not to be looked at' });
    });

    test('in development it says once that a delivery was passed on which nothing answered', async () => {
      vi.stubEnv('NODE_ENV', 'development');
      const warn = vi.spyOn(console, 'warn').mockImplementation(() => undefined);
      const app = framework().use(receiver());
      app.post('/other', ownHandler);
      const url = await listen(app);
      expect(await deliver(`${url}/other`)).toEqual(own);
      await post(`${url}/hook`);
      expect(warn).not.toHaveBeenCalled();
      expect((await deliver(`${url}/hook`)).status).toBe(404);
      expect((await deliver(`${url}/hook`)).status).toBe(404);
      expect(warn.mock.calls.map((call) => format(...call))).toEqual([
        expect.stringMatching(/gravv: a delivery to \/hook was passed on, and nothing answered it.*\n {2}Fix: /),
      ]);
    });

    test('of two receivers of one provider on one path the first answers, and development is told what it ignores', async () => {
      vi.stubEnv('NODE_ENV', 'development');
      const warn = vi.spyOn(console, 'warn').mockImplementation(() => undefined);
      const settled = vi.fn();
      const both = { secret: 'a secret long enough' };
      const app = framework().use(gravvWebhooks({ ...both, on: { 'customer.*': () => undefined } }));
      app.use(gravvWebhooks({ ...both, on: { 'transfer.status.completed': settled } }));
      const url = await listen(app);
      const event = sampleEvent(gravv(), 'transfer.status.completed');
      const reply = await replyOf(fetch(`${url}/webhooks/gravv`, await signedDelivery(gravv(), event, both)));
      expect(reply).toEqual({ status: 200, body: '{"outcome":"ignored"}' });
      expect(settled).not.toHaveBeenCalled();
      expect(warn.mock.calls).toEqual([
        [expect.stringMatching(/transfer\.status\.completed.*give all handlers to one/s)],
      ]);
    });

    test('in production it says nothing of it', async () => {
      vi.stubEnv('NODE_ENV', 'production');
      const warn = vi.spyOn(console, 'warn').mockImplementation(() => undefined);
      const on = { '*': () => undefined };
      const url = await listen(framework().use(gravvWebhooks({ secret: 'a secret long enough', on })));
      expect((await deliver(`${url}/hook`)).status).toBe(404);
      expect(warn).not.toHaveBeenCalled();
    });
  });
}
