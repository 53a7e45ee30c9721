import { createServer, type RequestListener, type Server } from 'node:http';
import { createAdaptorServer } from '@hono/node-server';
import type { Provider, WebhookOptions } from '@hookproof/core';
import * as onExpress from '@hookproof/express';
import * as onFastify from '@hookproof/fastify';
import * as onHono from '@hookproof/hono';
import express from 'express';
import Fastify from 'fastify';
import { Hono } from 'hono';

/** A running app that takes deliveries at `/hooks`. */
export interface App {
  readonly port: number;
  readonly close: () => Promise<void>;
}

type Serve = (provider: Provider, options: WebhookOptions<Provider>) => Promise<App>;

/** One app per adapter, on a port that the system chooses. */
export const apps = {
  express: (provider, options) => listen(express().use('/hooks', onExpress.webhooks(provider, options))),
  async fastify(provider, options) {
    const app = Fastify();
    await app.register(onFastify.webhooks(provider, { ...options, path: '/hooks' }));
    await app.listen({ host: '127.0.0.1', port: 0 });
    return running(app.server, () => app.close());
  },
  async hono(provider, options) {
    const app = new Hono().all('/hooks', onHono.webhooks(provider, options));
    const server = createAdaptorServer({ fetch: app.fetch });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    return running(server, () => closed(server));
  },
} as const satisfies Readonly<Record<string, Serve>>;

export type Framework = keyof typeof apps;
export const frameworks: readonly Framework[] = ['express', 'fastify', 'hono'];

async function listen(listener: RequestListener): Promise<App> {
  const server = createServer(listener);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return running(server, () => closed(server));
}

type AnyServer = Server | ReturnType<typeof createAdaptorServer>;

function running(server: AnyServer, close: () => PromiseLike<void>): App {
  const address = server.address();
  if (typeof address !== 'object' || address === null) throw new Error('The server has no port.');
  return {
    port: address.port,
    async close() {
      if ('closeAllConnections' in server) server.closeAllConnections();
      await close();
    },
  };
}

function closed(server: AnyServer): Promise<void> {
  return new Promise((resolve) => server.close(() => resolve()));
}
