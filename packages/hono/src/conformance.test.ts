import type { AddressInfo } from 'node:net';
import { createAdaptorServer, type HttpBindings } from '@hono/node-server';
import { adapterConformance } from '@hookproof/testing/conformance';
import { type Env, Hono } from 'hono';
import { test } from 'vitest';
import { webhooks } from './index.ts';

async function listen<E extends Env>(app: Hono<E>) {
  const server = createAdaptorServer({ fetch: app.fetch });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}/hooks`,
    close: async () => {
      if ('closeAllConnections' in server) server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

adapterConformance({
  name: 'hono',
  test,
  serve: (provider, options) => listen(new Hono().all('/hooks', webhooks(provider, options))),
  serveConsumed(provider, options) {
    const app = new Hono();
    app.use(async (c, next) => {
      await c.req.text();
      await next();
    });
    return listen(app.all('/hooks', webhooks(provider, options)));
  },
  serveDecoded(provider, options) {
    const app = new Hono();
    app.use(async (c, next) => {
      const { url, method, headers } = c.req.raw;
      const text = await c.req.raw.text();
      const body = new ReadableStream({ start: (controller) => controller.enqueue(text) });
      c.req.raw = new Request(url, Object({ method, headers, body, duplex: 'half' }));
      await next();
    });
    return listen(app.all('/hooks', webhooks(provider, options)));
  },
  servePaused(provider, options) {
    const app = new Hono<{ Bindings: HttpBindings }>();
    app.use(async (c, next) => {
      c.env.incoming.pause();
      await next();
    });
    return listen(app.all('/hooks', webhooks(provider, options)));
  },
  serveWrapped(provider, options) {
    const handle = webhooks(provider, options);
    return listen(new Hono().use('/hooks/*', async (c, next) => handle(c, next)));
  },
  serveThrowing(provider, options) {
    const app = new Hono();
    app.use(async ({ env }, next) => {
      Object.defineProperty(Object(env).incoming, 'rawBody', {
        get() {
          throw new SyntaxError('Invalid JSON');
        },
      });
      await next();
    });
    return listen(app.all('/hooks', webhooks(provider, options)));
  },
});
