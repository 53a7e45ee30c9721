import { createServer, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import { adapterConformance, type Serve } from '@hookproof/testing/conformance';
import connect from 'connect';
import express from 'express';
import express4 from 'express4';
import { test } from 'vitest';
import { webhooks } from './index.ts';

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

const apps: Record<string, { serve: Serve; serveConsumed?: Serve }> = {
  'express 5': {
    serve: (provider, options) => listen(express().use(webhooks(provider, options)), `/webhooks/${provider.name}`),
    serveConsumed: (provider, options) =>
      listen(express().use(express.json(), webhooks(provider, options)), `/webhooks/${provider.name}`),
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
  },
  'express 5, as a route handler': {
    serve: (provider, options) => listen(express().all('/a/:b', webhooks(provider, options)), '/a/b'),
  },
  connect: {
    serve: (provider, options) => listen(connect().use('/hooks', webhooks(provider, options)), '/hooks'),
  },
  'node:http': {
    serve: (provider, options) => listen(webhooks(provider, { ...options, path: '/hooks' }), '/hooks'),
  },
};

for (const [name, app] of Object.entries(apps)) adapterConformance({ name, test, ...app });
