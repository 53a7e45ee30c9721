import { createServer, request as httpRequest, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { runInNewContext } from 'node:vm';
import * as functions from '@google-cloud/functions-framework';
import { getTestServer } from '@google-cloud/functions-framework/testing';
import { grantex, type OutcomeReport } from '@hookproof/core';
import { sampleEvent, signedDelivery } from '@hookproof/testing';
import express from 'express';
import express4 from 'express4';
import { describe, expect, onTestFinished, test } from 'vitest';
import { grantexWebhooks, grantivaWebhooks, gravvWebhooks, standardWebhooks, webhooks } from './index.ts';

const secret = 'a secret for tests';
const path = '/webhooks/grantex';

function listen(listener: RequestListener): Promise<string> {
  return serve(createServer(listener));
}

async function serve(server: Server): Promise<string> {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(async () => {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

async function deliver(url: string, headers: Record<string, string> = {}): Promise<number> {
  const event = { ...sampleEvent(grantex(), 'grant.revoked'), headers };
  const delivery = await signedDelivery(grantex(), event, { secret });
  const reply = await fetch(url, delivery);
  await reply.arrayBuffer();
  return reply.status;
}

/** A receiver that records the types it handled and the reports it made. */
function recorder() {
  const types: string[] = [];
  const reports: OutcomeReport[] = [];
  const options = {
    secret,
    on: { '*': (event: { type: string }) => types.push(event.type) },
    onOutcome: (report: OutcomeReport) => reports.push(report),
  };
  return { types, reports, options };
}

async function postJson(url: string): Promise<unknown> {
  const reply = await fetch(url, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: '{"hello":"world"}',
  });
  return reply.json();
}

for (const [name, framework] of [
  ['express 5', express],
  // Their types differ, what is used of them here does not.
  ['express 4', express4 as unknown as typeof express],
] as const) {
  describe(name, () => {
    test('a reply says how long it is, and does not come in chunks', async () => {
      const app = framework();
      app.use(grantexWebhooks(recorder().options));
      const reply = await fetch(`${await listen(app)}${path}`, { method: 'POST' });
      const body = await reply.arrayBuffer();
      expect(reply.headers.get('content-length')).toBe(String(body.byteLength));
      expect(reply.headers.get('transfer-encoding')).toBeNull();
    });

    test('one line before express.json() changes nothing else in the app', async () => {
      const { types, options } = recorder();
      const app = framework();
      app.use(grantexWebhooks(options));
      app.use(framework.json());
      app.post('/echo', (req, res) => void res.json(req.body));
      app.get('/webhooks', (_req, res) => void res.send('the app’s own'));
      app.get('/webhooks/grantex/more', (_req, res) => void res.send('the app’s own'));
      const url = await listen(app);

      expect(await deliver(url + path)).toBe(200);
      expect(await deliver(`${url + path}?tenant=1`)).toBe(200);
      expect(types).toEqual(['grant.revoked', 'grant.revoked']);
      expect(await postJson(`${url}/echo`)).toEqual({ hello: 'world' });
      expect(await (await fetch(`${url}/webhooks`)).text()).toBe('the app’s own');
      expect(await (await fetch(`${url + path}/more`)).text()).toBe('the app’s own');
      expect((await fetch(`${url}/nowhere`)).status).toBe(404);
    });

    test('after express.json() it says at once what ate the body, and the rest of the app goes on', async () => {
      const { types, reports, options } = recorder();
      const app = framework();
      app.use(framework.json());
      app.use(grantexWebhooks(options));
      app.post('/echo', (req, res) => void res.json(req.body));
      const url = await listen(app);

      expect(await deliver(url + path)).toBe(500);
      expect(types).toEqual([]);
      expect(reports[0]?.outcome).toBe('body_consumed');
      expect(reports[0]?.error?.message).toMatch(/express\.json\(\).*before it .*or keep the bytes/);
      expect(await postJson(`${url}/echo`)).toEqual({ hello: 'world' });
    });

    test.each([
      ['express.text()', 'application/json', () => framework.text({ type: '*/*' })],
      ['express.urlencoded()', 'application/x-www-form-urlencoded', () => framework.urlencoded({ extended: false })],
    ])('after %s it names the parser', async (parser, type, make) => {
      const { reports, options } = recorder();
      const url = await listen(framework().use(make(), grantexWebhooks(options)));
      expect(await deliver(url + path, { 'content-type': type })).toBe(500);
      expect(reports[0]?.error?.message).toContain(`such as ${parser}. Mount`);
    });

    test('after a middleware that reads the stream itself it says so', async () => {
      const { reports, options } = recorder();
      const app = framework();
      app.use((req, _res, next) => void req.resume().on('end', () => next()));
      const url = await listen(app.use(grantexWebhooks(options)));
      expect(await deliver(url + path)).toBe(500);
      expect(reports[0]?.error?.message).toContain('a middleware that reads the request stream');
    });

    test('the Buffer of express.raw() is used', async () => {
      const { types, options } = recorder();
      const url = await listen(framework().use(framework.raw({ type: 'application/json' }), grantexWebhooks(options)));
      expect(await deliver(url + path)).toBe(200);
      expect(types).toEqual(['grant.revoked']);
    });

    test('bytes kept by a verify callback of express.json() are used', async () => {
      const { types, options } = recorder();
      const keep = framework.json({ verify: (req, _res, bytes) => void Object.assign(req, { rawBody: bytes }) });
      const url = await listen(framework().use(keep, grantexWebhooks(options)));
      expect(await deliver(url + path)).toBe(200);
      expect(types).toEqual(['grant.revoked']);
    });

    test('bytes of another realm that were kept are used, such as those of a test runner’s sandbox', async () => {
      const { types, options } = recorder();
      const keep = framework.json({
        verify: (req, _res, bytes) => void Object.assign(req, { rawBody: runInNewContext('Uint8Array').from(bytes) }),
      });
      const url = await listen(framework().use(keep, grantexWebhooks(options)));
      expect(await deliver(url + path)).toBe(200);
      expect(types).toEqual(['grant.revoked']);
    });

    test('a string in req.rawBody is refused: decoded text is not what was signed', async () => {
      const { reports, options } = recorder();
      const keep = framework.json({
        verify: (req, _res, bytes) => void Object.assign(req, { rawBody: bytes.toString() }),
      });
      const url = await listen(framework().use(keep, grantexWebhooks(options)));
      expect(await deliver(url + path)).toBe(500);
      expect(reports[0]?.error?.message).toMatch(/string in req\.rawBody, where a Buffer is needed/);
    });

    test('mounted on a path it answers there, and nowhere else', async () => {
      const { options } = recorder();
      const app = framework();
      app.use('/hooks', grantexWebhooks(options));
      app.use((_req, res) => void res.status(404).send('the app’s own'));
      const url = await listen(app);
      expect(await deliver(`${url}/hooks`)).toBe(200);
      expect(await deliver(`${url}/hooks/`)).toBe(200);
      expect(await deliver(`${url}/hooks?tenant=1`)).toBe(200);
      expect(await (await fetch(`${url}/other`)).text()).toBe('the app’s own');
    });

    test('as a route handler it answers what the route matches', async () => {
      const { options } = recorder();
      const url = await listen(framework().post('/tenants/:id/hooks', grantexWebhooks(options)));
      expect(await deliver(`${url}/tenants/7/hooks`)).toBe(200);
    });

    test('the route that an earlier handler matched does not make it a route handler', async () => {
      const { options } = recorder();
      const app = framework();
      app.all(/.*/, (_req, _res, next) => next());
      app.use(grantexWebhooks(options));
      app.get('/health', (_req, res) => void res.send('up'));
      const url = await listen(app);
      expect(await (await fetch(`${url}/health`)).text()).toBe('up');
      expect(await deliver(url + path)).toBe(200);
    });

    test('in a router that is mounted on a path the other routes stay reachable', async () => {
      const { options } = recorder();
      const router = framework.Router();
      router.use(grantexWebhooks(options));
      router.get('/users', (_req, res) => void res.send('users'));
      const url = await listen(framework().use('/api', router));
      expect(await (await fetch(`${url}/api/users`)).text()).toBe('users');
      expect(await deliver(`${url}/api${path}`)).toBe(200);
    });

    test('the root of a router that it stands in stays the app’s own', async () => {
      const { options } = recorder();
      const router = framework.Router();
      router.use(grantexWebhooks(options));
      router.all('/', (_req, res) => void res.send('the app’s own'));
      const inner = framework().use(grantexWebhooks(options));
      inner.all('/', (_req, res) => void res.send('the app’s own'));
      const url = await listen(framework().use('/api', router).use('/inner', inner));
      for (const path of ['/api', '/inner']) {
        for (const method of ['GET', 'POST']) {
          expect(await (await fetch(url + path, { method })).text(), `${method} ${path}`).toBe('the app’s own');
        }
      }
    });

    test('mounted on a path of a router that is mounted itself, it answers there', async () => {
      const { options } = recorder();
      const router = framework.Router().use('/hooks', grantexWebhooks(options));
      const url = await listen(framework().use('/api', router));
      expect(await deliver(`${url}/api/hooks`)).toBe(200);
      expect((await fetch(`${url}/api/hooks`)).status).toBe(405);
    });

    test('a reply that the app sent in the meantime stands, and nothing breaks', async () => {
      const { reports, options } = recorder();
      const app = framework();
      app.use((_req, res, next) => {
        res.status(503).end('the app’s own timeout');
        next();
      });
      app.use(grantexWebhooks(options));
      const url = await listen(app);
      expect(await deliver(url + path)).toBe(503);
      expect(await deliver(url + path)).toBe(503);
      expect(reports.map(({ outcome }) => outcome)).toEqual(['handled', 'handled']);
    });

    test('an error thrown while the reply is written goes to the app’s error handler', async () => {
      const { options } = recorder();
      const app = framework();
      app.use((_req, res, next) => {
        const setHeader = res.setHeader.bind(res);
        res.setHeader = (name, value) => {
          if (name === 'content-type' && String(value).startsWith('application/json')) throw new Error('no headers');
          return setHeader(name, value);
        };
        next();
      });
      app.use(grantexWebhooks(options));
      app.use((error: Error, _req: express.Request, res: express.Response, _next: express.NextFunction) => {
        res.status(500).end(error.message);
      });
      const url = await listen(app);
      expect(await deliver(url + path)).toBe(500);
    });

    test('the absolute form of a request target is understood', async () => {
      const { options } = recorder();
      const url = await listen(framework().use(grantexWebhooks(options)));
      const { port } = new URL(url);
      const status = await new Promise((resolve, reject) => {
        const target = `http://example.com${path}?a=1`;
        httpRequest({ host: '127.0.0.1', port, path: target, method: 'POST', agent: false }, (reply) => {
          reply.resume().on('end', () => resolve(reply.statusCode));
        })
          .on('error', reject)
          .end();
      });
      expect(status).toBe(401);
    });

    test('path moves it, below the mount point', async () => {
      const { options } = recorder();
      const app = framework();
      app.use('/api', grantexWebhooks({ ...options, path: '/in' }));
      const url = await listen(app);
      expect(await deliver(`${url}/api/in`)).toBe(200);
      expect(await deliver(`${url}/api`)).toBe(404);
      expect(await deliver(url + path)).toBe(404);
    });

    test('several providers live in one app', async () => {
      const { options } = recorder();
      const app = framework();
      app.use(grantivaWebhooks(options), grantexWebhooks(options), gravvWebhooks(options));
      app.use(webhooks(standardWebhooks(), { ...options, secret: `whsec_${'a'.repeat(32)}` }));
      const url = await listen(app);
      expect(await deliver(url + path)).toBe(200);
      for (const name of ['grantiva', 'gravv', 'standard-webhooks']) {
        expect((await fetch(`${url}/webhooks/${name}`, { method: 'POST' })).status, name).toBe(401);
      }
    });
  });
}

test('on Google Cloud Functions the rawBody that the platform keeps is used', async () => {
  const { types, options } = recorder();
  functions.http('hooks', grantexWebhooks({ ...options, path: '/' }));
  const url = await serve(getTestServer('hooks'));
  expect(await deliver(url)).toBe(200);
  expect(types).toEqual(['grant.revoked']);
});

test('as the only listener of node:http, other paths are 404', async () => {
  const { options } = recorder();
  const url = await listen(webhooks(grantex(), options));
  expect(await deliver(url + path)).toBe(200);
  expect((await fetch(`${url}/other`)).status).toBe(404);
});

test('handlers and the secret function get Express’s own request', async () => {
  const seen: unknown[] = [];
  const url = await listen(
    express().use(
      (req, _res, next) => {
        Object.assign(req, { tenant: 'acme' });
        next();
      },
      grantexWebhooks({
        secret: (req: express.Request & { tenant?: string }) => (req.tenant === 'acme' ? secret : 'another'),
        on: { 'grant.revoked': (_event, { request }) => seen.push(request.tenant, request.path) },
      }),
    ),
  );
  expect(await deliver(url + path)).toBe(200);
  expect(seen).toEqual(['acme', path]);
});

test('wrong options throw when the middleware is made', () => {
  expect(() => grantexWebhooks({ secret: ' ', on: {} })).toThrow(/^secret is empty/);
  expect(() => grantexWebhooks({ secret, on: {}, path: 'hooks' })).toThrow(/^path must start with/);
});

test('the middleware carries a readable name', () => {
  expect(grantexWebhooks({ secret, on: {} }).name).toBe('grantexWebhooks');
});

test('an oversized upload over a kept-alive connection is answered and the connection ends', async () => {
  const { options } = recorder();
  const url = await listen(webhooks(grantex(), { ...options, maxBodyBytes: 1_000 }));
  const { status, connection } = await new Promise<{ status?: number; connection?: string }>((resolve, reject) => {
    const sending = httpRequest(url + path, { method: 'POST', agent: false }, (reply) => {
      const { statusCode: status, headers } = reply;
      reply.resume().on('end', () => resolve({ ...(status && { status }), connection: headers.connection ?? '' }));
    });
    sending.on('error', reject);
    sending.end(Buffer.alloc(10_000));
  });
  expect({ status, connection }).toEqual({ status: 413, connection: 'close' });
});
