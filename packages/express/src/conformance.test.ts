import { createServer, type IncomingMessage, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import { type AdapterUnderTest, adapterConformance } from '@hookproof/testing/conformance';
import connect from 'connect';
import express from 'express';
import express4 from 'express4';
import { test } from 'vitest';
import { type WebhookMiddleware, webhooks } from './index.ts';

async function listen(listener: RequestListener, path: string) {
  const server = createServer(listener);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  const close = async () => {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  };
  return { url: `http://127.0.0.1:${port}${path}`, close };
}

/** Middleware that does something to the request, and later lets it go on. */
const first =
  (change: (request: IncomingMessage) => unknown) =>
  (request: IncomingMessage, _response: unknown, next: () => void): void => {
    change(request);
    setImmediate(next);
  };
const paused = first((request) => request.pause());
const decoded = first((request) => request.setEncoding('utf8'));

/** As an APM agent or an async wrapper puts it into a framework in the place of the middleware. */
function wrap(middleware: WebhookMiddleware): WebhookMiddleware {
  return (request, response, next) => middleware(request, response, next);
}

/** As some platforms do with a body that is not JSON. */
function throwing(request: object): void {
  const get = () => {
    throw new SyntaxError('Invalid JSON');
  };
  Object.defineProperties(request, { body: { get }, rawBody: { get } });
}

const apps: Record<string, Omit<AdapterUnderTest, 'name' | 'test'>> = {
  'express 5': {
    serve: (provider, options) => listen(express().use(webhooks(provider, options)), `/webhooks/${provider.name}`),
    serveConsumed: (provider, options) =>
      listen(express().use(express.json(), webhooks(provider, options)), `/webhooks/${provider.name}`),
    serveDecoded: (provider, options) =>
      listen(express().use(decoded, webhooks(provider, options)), `/webhooks/${provider.name}`),
    servePaused: (provider, options) =>
      listen(express().use(paused, webhooks(provider, options)), `/webhooks/${provider.name}`),
    serveWrapped: (provider, options) =>
      listen(express().post('/:tenant/hooks', wrap(webhooks(provider, options))), '/acme/hooks'),
    serveThrowing(provider, options) {
      const app = express();
      app.use((request, _response, next) => {
        throwing(request);
        next();
      });
      return listen(app.use(webhooks(provider, options)), `/webhooks/${provider.name}`);
    },
  },
  'express 4, mounted on a path': {
    serve: (provider, options) => listen(express4().use('/hooks', webhooks(provider, options)), '/hooks'),
    serveConsumed: (provider, options) =>
      listen(
        express4()
          .use(express4.text({ type: '*/*' }))
          .use('/hooks', webhooks(provider, options)),
        '/hooks',
      ),
    servePaused: (provider, options) =>
      listen(express4().use(paused).use('/hooks', webhooks(provider, options)), '/hooks'),
    serveWrapped: (provider, options) => listen(express4().use('/hooks', wrap(webhooks(provider, options))), '/hooks'),
  },
  'express 5, as a route handler': {
    serve: (provider, options) => listen(express().all('/a/:b', webhooks(provider, options)), '/a/b'),
  },
  connect: {
    serve: (provider, options) => listen(connect().use('/hooks', webhooks(provider, options)), '/hooks'),
    servePaused: (provider, options) =>
      listen(connect().use(paused).use('/hooks', webhooks(provider, options)), '/hooks'),
  },
  'node:http': {
    serve: (provider, options) => listen(webhooks(provider, { ...options, path: '/hooks' }), '/hooks'),
    serveThrowing(provider, options) {
      const receive = webhooks(provider, { ...options, path: '/hooks' });
      return listen((request, response) => {
        throwing(request);
        void receive(request, response);
      }, '/hooks');
    },
  },
};

for (const [name, app] of Object.entries(apps)) adapterConformance({ name, test, ...app });
