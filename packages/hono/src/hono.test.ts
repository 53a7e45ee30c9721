import type { AddressInfo } from 'node:net';
import { format } from 'node:util';
import { createAdaptorServer } from '@hono/node-server';
import { grantex, type OutcomeReport } from '@hookproof/core';
import { sampleEvent, signedDelivery } from '@hookproof/testing';
import { Hono } from 'hono';
import { bodyLimit } from 'hono/body-limit';
import { cors } from 'hono/cors';
import { expect, onTestFinished, test, vi } from 'vitest';
import { grantexWebhooks, grantivaWebhooks, gravvWebhooks, standardWebhooks, webhooks } from './index.ts';

const secret = 'a secret for tests';
const path = '/webhooks/grantex';

async function listen(app: Pick<Hono, 'fetch'>): Promise<string> {
  const server = createAdaptorServer({ fetch: app.fetch });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(async () => {
    if ('closeAllConnections' in server) server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

async function deliver(url: string): Promise<Response> {
  return fetch(url, await signedDelivery(grantex(), sampleEvent(grantex(), 'grant.revoked'), { secret }));
}

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

test('the app’s other routes and middleware are not disturbed, and their headers are on the reply', async () => {
  const { types, options } = recorder();
  const app = new Hono();
  app.use(cors());
  app.use(async (c, next) => {
    c.header('x-before', 'yes');
    await next();
    c.header('x-after', 'yes');
  });
  app.use(bodyLimit({ maxSize: 1024 }));
  app.post(path, grantexWebhooks(options));
  app.post('/echo', async (c) => c.json(await c.req.json()));
  const url = await listen(app);

  const reply = await deliver(url + path);
  expect([reply.status, await reply.text()]).toEqual([200, '{"outcome":"handled"}']);
  expect(Object.fromEntries(reply.headers)).toMatchObject({
    'access-control-allow-origin': '*',
    'content-type': 'application/json; charset=utf-8',
    'x-before': 'yes',
    'x-after': 'yes',
  });
  expect(types).toEqual(['grant.revoked']);
  const echo = await fetch(`${url}/echo`, { method: 'POST', body: '{"hello":"world"}' });
  expect(await echo.json()).toEqual({ hello: 'world' });
  expect((await fetch(url + path)).status).toBe(404);
});

test.each(['json', 'text'] as const)(
  'after c.req.%s() in an earlier middleware it says at once what to correct',
  async (method) => {
    const { types, reports, options } = recorder();
    const app = new Hono();
    app.use(async (c, next) => {
      await c.req[method]();
      await next();
    });
    app.post(path, grantexWebhooks(options));
    expect((await deliver((await listen(app)) + path)).status).toBe(500);
    expect(types).toEqual([]);
    expect(reports[0]?.outcome).toBe('body_consumed');
    expect(reports[0]?.error?.message).toMatch(/before Hookproof.*c\.req\.arrayBuffer\(\)/s);
  },
);

test('bytes that c.req.arrayBuffer() kept are used', async () => {
  const { types, options } = recorder();
  const app = new Hono();
  app.use(async (c, next) => {
    await c.req.arrayBuffer();
    await next();
  });
  app.post(path, grantexWebhooks(options));
  expect((await deliver((await listen(app)) + path)).status).toBe(200);
  expect(types).toEqual(['grant.revoked']);
});

test('a body read from the raw Request is body_consumed too', async () => {
  const { reports, options } = recorder();
  const app = new Hono();
  app.use(async (c, next) => {
    await c.req.raw.arrayBuffer();
    await next();
  });
  app.post(path, grantexWebhooks(options));
  expect((await deliver((await listen(app)) + path)).status).toBe(500);
  expect(reports[0]?.outcome).toBe('body_consumed');
});

test('req.rawBody of Google Cloud Functions is used, although the stream was read', async () => {
  const { types, options } = recorder();
  const app = new Hono().post(path, grantexWebhooks(options));
  const { getRequestListener } = await import('@hono/node-server');
  const { createServer } = await import('node:http');
  const listener = getRequestListener(app.fetch);
  const server = createServer(async (req, res) => {
    const chunks: Buffer[] = [];
    for await (const chunk of req) chunks.push(chunk);
    await listener(Object.assign(req, { rawBody: Buffer.concat(chunks) }), res);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  const { port } = server.address() as AddressInfo;
  expect((await deliver(`http://127.0.0.1:${port}${path}`)).status).toBe(200);
  expect(types).toEqual(['grant.revoked']);
});

test('the secret may come from the bindings, and handlers get Hono’s context', async () => {
  const seen: unknown[] = [];
  const app = new Hono<{ Bindings: { GRANTEX_SECRET: string }; Variables: { tenant: string } }>();
  app.use(async (c, next) => {
    c.set('tenant', 'acme');
    await next();
  });
  app.post(
    path,
    grantexWebhooks({
      secret: (c) => c.env.GRANTEX_SECRET,
      on: { 'grant.revoked': ({ data }, { request: c }) => seen.push(c.get('tenant'), data.cascade) },
    }),
  );
  const { request } = await signedDelivery(grantex(), sampleEvent(grantex(), 'grant.revoked'), { secret });
  const reply = await app.fetch(new Request(`http://localhost${path}`, request), { GRANTEX_SECRET: secret });
  expect(reply.status).toBe(200);
  expect(seen).toEqual(['acme', true]);
});

test('several providers live in one app', async () => {
  const { options } = recorder();
  const clerkSecret = `whsec_${'a'.repeat(32)}`;
  const app = new Hono();
  app.post(path, grantexWebhooks(options));
  app.post('/webhooks/grantiva', grantivaWebhooks(options));
  app.post('/webhooks/gravv', gravvWebhooks(options));
  app.post('/webhooks/clerk', webhooks(standardWebhooks({ name: 'clerk' }), { ...options, secret: clerkSecret }));
  for (const name of ['grantex', 'grantiva', 'gravv', 'clerk']) {
    expect((await app.request(`/webhooks/${name}`, { method: 'POST', body: '{}' })).status, name).toBe(401);
  }
});

test('wrong options throw when the handler is made, and it carries a readable name', () => {
  expect(() => grantexWebhooks({ secret: ' ', on: {} })).toThrow(/^secret is empty/);
  expect(grantexWebhooks({ secret, on: {} }).name).toBe('grantexWebhooks');
});

test('where the runtime has waitUntil, it is told of an onOutcome that goes on', async () => {
  const kept: Promise<unknown>[] = [];
  const context = {
    waitUntil: (promise: Promise<unknown>) => void kept.push(promise),
    passThroughOnException() {},
    props: {},
  };
  let sent = false;
  const onOutcome = async () => {
    await new Promise((resolve) => setTimeout(resolve, 0));
    sent = true;
  };
  const app = new Hono().post(path, grantexWebhooks({ secret, on: {}, onOutcome }));
  expect((await app.fetch(new Request(`http://localhost${path}`, { method: 'POST' }), {}, context)).status).toBe(401);
  expect([kept.length, sent]).toEqual([1, false]);
  await Promise.all(kept);
  expect(sent).toBe(true);
  expect((await app.fetch(new Request(`http://localhost${path}`, { method: 'POST' }))).status).toBe(401);
});

test.each<[string, (app: Hono) => void, string]>([
  ['at the root', (app) => app.use(grantexWebhooks(recorder().options)), path],
  ['mounted', (app) => app.use('/hooks/*', grantexWebhooks(recorder().options)), '/hooks'],
  ['mounted, its own path below', (app) => app.use('/hooks/*', grantexWebhooks(recorder().options)), `/hooks${path}`],
  [
    'in an app with a base path',
    (app) => app.route('/api', new Hono().use(grantexWebhooks(recorder().options))),
    `/api${path}`,
  ],
])('as middleware, %s, it answers its own path, and everything else passes', async (_where, use, at) => {
  const app = new Hono();
  use(app);
  app.get('/', (c) => c.text('home'));
  app.post('/login', async (c) => c.json(await c.req.json()));
  app.get('/api', (c) => c.text('the app’s own'));
  app.get('/hooks/list', (c) => c.text('the app’s own'));
  const url = await listen(app);

  expect((await deliver(url + at)).status).toBe(200);
  expect((await fetch(`${url}/webhooks/grantex/more`)).status).toBe(404);
  expect(await (await fetch(url)).text()).toBe('home');
  expect(await (await fetch(`${url}/api`)).text()).toBe('the app’s own');
  expect(await (await fetch(`${url}/hooks/list`)).text()).toBe('the app’s own');
  const login = await fetch(`${url}/login`, { method: 'POST', body: '{"name":"ada"}' });
  expect(await login.json()).toEqual({ name: 'ada' });
});

test.each<[string, (app: Hono) => unknown]>([
  ['as middleware', (app) => app.use(grantexWebhooks(recorder().options))],
  ['as middleware of one path', (app) => app.use(path, grantexWebhooks(recorder().options))],
  ['as the handler of every method', (app) => app.all(path, grantexWebhooks(recorder().options))],
  ['as a route’s handler', (app) => app.post(path, grantexWebhooks(recorder().options))],
])('%s, a GET of the app’s own on the same path works in either order', async (_where, add) => {
  const own = (app: Hono) =>
    app.get(path, (c) => (c.req.query('none') ? c.text('none', 404) : c.text('the app’s own')));
  const before = own(new Hono());
  add(before);
  const after = new Hono();
  add(after);
  own(after);
  for (const app of [before, after]) {
    const url = (await listen(app)) + path;
    expect(await (await fetch(url)).text()).toBe('the app’s own');
    expect(await (await fetch(`${url}?none=1`)).text()).toBe('none');
    expect((await deliver(url)).status).toBe(200);
    expect((await fetch(url, { method: 'POST' })).status).toBe(401);
  }
});

test('as middleware it answers 405 where the app has nothing, with the headers that others set', async () => {
  const app = new Hono();
  app.use(cors());
  app.use(grantexWebhooks(recorder().options));
  const reply = await fetch((await listen(app)) + path, { method: 'PUT' });
  expect(Object.fromEntries(reply.headers)).toMatchObject({
    allow: 'POST',
    'access-control-allow-origin': '*',
    'content-type': 'application/problem+json; charset=utf-8',
  });
  expect([reply.status, await reply.json()]).toEqual([405, expect.objectContaining({ code: 'method_not_allowed' })]);
});

test('in development it says once that a delivery was passed on which nothing answered', async () => {
  vi.stubEnv('NODE_ENV', 'development');
  const warn = vi.spyOn(console, 'warn').mockImplementation(() => undefined);
  onTestFinished(() => {
    vi.unstubAllEnvs();
    vi.restoreAllMocks();
  });
  const app = new Hono();
  app.use(grantexWebhooks({ ...recorder().options, secret: 'a secret that is long enough' }));
  app.post('/other', (c) => c.text('the app’s own'));
  const url = await listen(app);
  expect((await deliver(`${url}/other`)).status).toBe(200);
  expect((await fetch(`${url}/hook`, { method: 'POST' })).status).toBe(404);
  expect(warn).not.toHaveBeenCalled();
  expect((await deliver(`${url}/hook`)).status).toBe(404);
  expect((await deliver(`${url}/hook`)).status).toBe(404);
  expect(warn.mock.calls.map((call) => format(...call))).toEqual([
    expect.stringMatching(/grantex: a delivery to \/hook was passed on, and nothing answered it/),
  ]);
});

test('of two receivers of one provider on one path the first answers, and development is told what it ignores', async () => {
  vi.stubEnv('NODE_ENV', 'development');
  const warn = vi.spyOn(console, 'warn').mockImplementation(() => undefined);
  onTestFinished(() => {
    vi.unstubAllEnvs();
    vi.restoreAllMocks();
  });
  const both = { secret: 'a secret that is long enough' };
  const app = new Hono();
  app.post(path, grantexWebhooks({ ...both, on: { 'token.issued': () => undefined } }));
  app.post(path, grantexWebhooks({ ...both, on: { 'grant.revoked': () => undefined } }));
  const { request } = await signedDelivery(grantex(), sampleEvent(grantex(), 'grant.revoked'), both);
  expect(await (await app.fetch(request)).json()).toEqual({ outcome: 'ignored' });
  expect(warn.mock.calls).toEqual([[expect.stringMatching(/grant\.revoked.*give all handlers to one/s)]]);
});
