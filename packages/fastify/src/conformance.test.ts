import { PassThrough, Readable } from 'node:stream';
import { adapterConformance } from '@hookproof/testing/conformance';
import Fastify, { type FastifyInstance } from 'fastify';
import { test } from 'vitest';
import { webhooks } from './index.ts';

async function listen(app: FastifyInstance, path: string) {
  const origin = await app.listen({ host: '127.0.0.1', port: 0 });
  return {
    url: origin + path,
    close: async () => {
      app.server.closeAllConnections();
      await app.close();
    },
  };
}

adapterConformance({
  name: 'fastify',
  test,
  async serve(provider, options) {
    const app = Fastify();
    await app.register(webhooks(provider, options), { prefix: '/api' });
    return listen(app, `/api/webhooks/${provider.name}`);
  },
  async serveConsumed(provider, options) {
    const app = Fastify();
    app.addHook('onRequest', async (request) => {
      for await (const _chunk of request.raw);
    });
    await app.register(webhooks(provider, options));
    return listen(app, `/webhooks/${provider.name}`);
  },
  async serveDecoded(provider, options) {
    const app = Fastify();
    app.addHook('preParsing', async (_request, _reply, payload) => {
      const chunks: Buffer[] = [];
      for await (const chunk of payload) chunks.push(chunk);
      return Readable.from([Buffer.concat(chunks).toString()]);
    });
    await app.register(webhooks(provider, options));
    return listen(app, `/webhooks/${provider.name}`);
  },
  async servePaused(provider, options) {
    const app = Fastify();
    app.addHook('onRequest', async (request) => void request.raw.pause());
    app.addHook('preParsing', async (_request, _reply, payload) => payload.pipe(new PassThrough()).pause());
    await app.register(webhooks(provider, options));
    return listen(app, `/webhooks/${provider.name}`);
  },
  async serveWrapped(provider, options) {
    const app = Fastify();
    app.addHook('onRoute', (route) => {
      const { handler } = route;
      route.handler = function (request, reply) {
        return handler.call(this, request, reply);
      };
    });
    await app.register(webhooks(provider, options));
    return listen(app, `/webhooks/${provider.name}`);
  },
  async serveThrowing(provider, options) {
    const app = Fastify();
    app.addHook('onRequest', async (request) => {
      const get = () => {
        throw new SyntaxError('Invalid JSON');
      };
      Object.defineProperty(request, 'rawBody', { get });
      Object.defineProperty(request.raw, 'rawBody', { get });
    });
    await app.register(webhooks(provider, options));
    return listen(app, `/webhooks/${provider.name}`);
  },
});
