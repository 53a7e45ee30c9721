import { grantex, gravv, type OutcomeReport } from '@hookproof/core';
import { sampleEvent, signedDelivery } from '@hookproof/testing';
import Fastify, { type FastifyInstance, type FastifyRequest } from 'fastify';
import fastifyRawBody from 'fastify-raw-body';
import { expect, onTestFinished, test } from 'vitest';
import { grantexWebhooks, grantivaWebhooks, gravvWebhooks, standardWebhooks, webhooks } from './index.ts';

const secret = 'a secret for tests';
const path = '/webhooks/grantex';

async function listen(app: FastifyInstance): Promise<string> {
  const url = await app.listen({ host: '127.0.0.1', port: 0 });
  onTestFinished(async () => {
    app.server.closeAllConnections();
    await app.close();
  });
  return url;
}

async function deliver(url: string): Promise<number> {
  const delivery = await signedDelivery(grantex(), sampleEvent(grantex(), 'grant.revoked'), { secret });
  const reply = await fetch(url, delivery);
  await reply.arrayBuffer();
  return reply.status;
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

async function post(url: string, type: string, body: string): Promise<unknown> {
  const reply = await fetch(url, { method: 'POST', headers: { 'content-type': type }, body });
  return reply.json();
}

test('the app’s other routes and plugins keep their own body parsing', async () => {
  const { types, options } = recorder();
  const app = Fastify();
  app.addContentTypeParser('application/x-lines', { parseAs: 'string' }, (_request, body, done) =>
    done(null, String(body).split('\n')),
  );
  await app.register(grantexWebhooks, options);
  app.post('/echo', async (request) => request.body);
  await app.register(async (scope) => {
    scope.post('/plugin/echo', async (request) => request.body);
  });
  const url = await listen(app);

  expect(await deliver(url + path)).toBe(200);
  expect(types).toEqual(['grant.revoked']);
  for (const route of ['/echo', '/plugin/echo']) {
    expect(await post(url + route, 'application/json', '{"hello":"world"}')).toEqual({ hello: 'world' });
    expect(await post(url + route, 'application/x-lines', 'a\nb')).toEqual(['a', 'b']);
    expect(await post(url + route, 'application/json', '{"hello":')).toMatchObject({ statusCode: 400 });
    expect(await post(url + route, 'application/xml', '<a/>')).toMatchObject({ statusCode: 415 });
  }
});

test('hooks and the error handler of the app apply to the route as to any other', async () => {
  const { types, options } = recorder();
  const app = Fastify();
  app.addHook('preHandler', async (request) => {
    if (request.headers['x-deny'] !== undefined) throw Object.assign(new Error('denied'), { statusCode: 403 });
  });
  app.addHook('onSend', async (_request, reply) => void reply.header('x-app', 'yes'));
  app.setErrorHandler((error: Error, _request, reply) =>
    reply.code(403).send({ by: 'the app', message: error.message }),
  );
  await app.register(grantexWebhooks, options);
  const url = await listen(app);

  const delivery = await signedDelivery(grantex(), sampleEvent(grantex(), 'grant.revoked'), { secret });
  const denied = await fetch(url + path, { ...delivery, headers: { ...delivery.headers, 'x-deny': '1' } });
  expect([denied.status, await denied.json()]).toEqual([403, { by: 'the app', message: 'denied' }]);
  const reply = await fetch(url + path, delivery);
  expect([reply.status, reply.headers.get('x-app')]).toEqual([200, 'yes']);
  expect(types).toEqual(['grant.revoked']);
});

test('no byte is lost while a hook of the app takes its time', async () => {
  const { options } = recorder();
  const app = Fastify();
  await app.register(fastifyRawBody);
  app.addHook('preHandler', async () => {
    for (let turn = 0; turn < 20; turn++) await new Promise((resolve) => setImmediate(resolve));
  });
  await app.register(grantexWebhooks, options);
  expect(await deliver((await listen(app)) + path)).toBe(200);
});

test.each([
  ['its default encoding', {}],
  ['encoding: false', { encoding: false }],
  ['runFirst', { runFirst: true }],
] as const)('fastify-raw-body with %s goes together with it', async (_name, rawBody) => {
  const { types, options } = recorder();
  const app = Fastify();
  await app.register(fastifyRawBody, rawBody);
  await app.register(grantexWebhooks, options);
  app.post('/raw', async (request) => ({ raw: String(request.rawBody), body: request.body }));
  const url = await listen(app);
  expect(await deliver(url + path)).toBe(200);
  expect(types).toEqual(['grant.revoked']);
  expect(await post(`${url}/raw`, 'application/json', '{"a": 1}')).toEqual({ raw: '{"a": 1}', body: { a: 1 } });
});

test('a Buffer that a hook kept in request.rawBody is used, although the stream was read', async () => {
  const { types, options } = recorder();
  const app = Fastify();
  app.decorateRequest('rawBody');
  app.addHook('onRequest', async (request) => {
    const chunks: Buffer[] = [];
    for await (const chunk of request.raw) chunks.push(chunk);
    request.rawBody = Buffer.concat(chunks);
  });
  await app.register(grantexWebhooks, options);
  expect(await deliver((await listen(app)) + path)).toBe(200);
  expect(types).toEqual(['grant.revoked']);
});

test('req.rawBody of Google Cloud Functions is used, although the stream was read', async () => {
  const { types, options } = recorder();
  const app = Fastify({
    serverFactory: (handler) => {
      const { createServer } = require('node:http') as typeof import('node:http');
      return createServer(async (req, res) => {
        const chunks: Buffer[] = [];
        for await (const chunk of req) chunks.push(chunk);
        handler(Object.assign(req, { rawBody: Buffer.concat(chunks) }), res);
      });
    },
  });
  await app.register(grantexWebhooks, options);
  expect(await deliver((await listen(app)) + path)).toBe(200);
  expect(types).toEqual(['grant.revoked']);
});

test('after a hook that eats the stream it says at once what to correct', async () => {
  const { reports, options } = recorder();
  const app = Fastify();
  app.addHook('preParsing', async (_request, _reply, payload) => {
    for await (const _chunk of payload);
  });
  await app.register(grantexWebhooks, options);
  expect(await deliver((await listen(app)) + path)).toBe(500);
  expect(reports[0]?.outcome).toBe('body_consumed');
  expect(reports[0]?.error?.message).toMatch(/preParsing hook.*request\.rawBody as a Buffer/);
});

test('prefix and path say where it answers, and several providers live in one app', async () => {
  const { options } = recorder();
  const app = Fastify();
  await app.register(grantexWebhooks, { ...options, prefix: '/api', path: '/in' });
  await app.register(grantivaWebhooks, options);
  await app.register(gravvWebhooks, options);
  const clerkSecret = `whsec_${'a'.repeat(32)}`;
  await app.register(webhooks(standardWebhooks({ name: 'clerk' }), { ...options, secret: clerkSecret }));
  const url = await listen(app);
  expect(await deliver(`${url}/api/in`)).toBe(200);
  for (const name of ['grantiva', 'gravv', 'clerk']) {
    expect((await fetch(`${url}/webhooks/${name}`, { method: 'POST' })).status, name).toBe(401);
  }
});

test('handlers and the secret function get Fastify’s own request', async () => {
  const ids: string[] = [];
  const app = Fastify();
  await app.register(
    webhooks(grantex(), {
      secret: (request: FastifyRequest) => (request.routeOptions.url === path ? secret : 'another'),
      on: { 'grant.revoked': ({ data }, { request }) => ids.push(request.id, data.grantId.slice(0, 4)) },
    }),
  );
  expect(await deliver((await listen(app)) + path)).toBe(200);
  expect(ids).toEqual(['req-1', 'grnt']);
});

test('wrong options throw when the plugin is made, or fail its registration', async () => {
  expect(() => webhooks(gravv(), { secret: ' ', on: {} })).toThrow(/^secret is empty/);
  expect(() => webhooks(gravv(), { secret, on: {}, path: 'hooks' })).toThrow(/^path must start with/);
  const app = Fastify();
  await expect(async () => app.register(grantexWebhooks, { secret: '', on: {} })).rejects.toThrow(/^secret is empty/);
});

test.each(['/webhooks/grantex', '/hooks', '/', '/:tenant/hooks', '/hooks/:tenant', '/in.box'])(
  'on %s, a GET of the app’s own works in either order',
  async (at) => {
    const url = `/api${at}`.replace(':tenant', 'acme');
    for (const order of ['before', 'after']) {
      const app = Fastify();
      const addOwn = () => app.get(`/api${at}`, async () => 'the app’s own');
      if (order === 'before') addOwn();
      await app.register(grantexWebhooks, { ...recorder().options, prefix: '/api', path: at });
      if (order === 'after') addOwn();
      app.get('/api/*', async () => 'another page');
      const origin = await listen(app);
      expect(await (await fetch(origin + url)).text(), order).toBe('the app’s own');
      expect(await (await fetch(`${origin}/api/inabox`)).text(), order).toBe('another page');
      expect(await deliver(origin + url), order).toBe(200);
      expect((await fetch(origin + url, { method: 'POST' })).status, order).toBe(401);
    }
  },
);

test('where the app has nothing, what is no POST is 405, and a list of routes does not show it', async () => {
  const app = Fastify();
  const shown: string[] = [];
  app.addHook('onRoute', ({ method, url, schema }) => {
    if (schema === undefined || !('hide' in schema)) shown.push(`${method} ${url}`);
  });
  await app.register(grantexWebhooks, recorder().options);
  const origin = await listen(app);
  for (const method of ['GET', 'PUT', 'OPTIONS']) {
    const reply = await fetch(`${origin}/webhooks/grantex`, { method });
    expect([reply.status, reply.headers.get('allow')], method).toEqual([405, 'POST']);
  }
  expect(shown).toEqual(['POST /webhooks/grantex']);
});

test('req.rawBody that throws when it is looked at does no harm', async () => {
  const app = Fastify();
  app.addHook('onRequest', async ({ raw }) => {
    Object.defineProperty(raw, 'rawBody', {
      get() {
        throw new SyntaxError('Invalid JSON');
      },
    });
  });
  await app.register(grantexWebhooks, recorder().options);
  expect(await deliver(`${await listen(app)}/webhooks/grantex`)).toBe(200);
});
