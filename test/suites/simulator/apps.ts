import { once } from 'node:events';
import { createServer } from 'node:http';
import { getRequestListener } from '@hono/node-server';
import type { Inbox, Provider, WebhookOptions } from '@hookproof/core';
import { webhooks as forExpress } from '@hookproof/express';
import { webhooks as forFastify } from '@hookproof/fastify';
import { webhooks as forHono } from '@hookproof/hono';
import express from 'express';
import Fastify from 'fastify';
import { Hono } from 'hono';
import { onTestFinished } from 'vitest';

type Options = WebhookOptions<Provider, unknown, Inbox | undefined>;

/** Starts an app that receives a provider's webhooks on a free port, until the test is finished; resolves with its URL. */
export type Serve = (provider: Provider, options: Options) => Promise<string>;

const onExpress: Serve = (provider, options) => {
  const app = express().use(forExpress(provider, { ...options, path: '/hooks' }));
  return listening(createServer(app));
};

const onFastify: Serve = async (provider, options) => {
  const app = Fastify();
  await app.register(forFastify(provider, { ...options, path: '/hooks' }));
  await app.ready();
  return listening(createServer(app.routing));
};

const onHono: Serve = (provider, options) => {
  const app = new Hono().all('/hooks', forHono(provider, options));
  return listening(createServer(getRequestListener(app.fetch)));
};

export const apps: readonly (readonly [name: string, serve: Serve])[] = [
  ['Express 5', onExpress],
  ['Fastify 5', onFastify],
  ['Hono on Node', onHono],
];

async function listening(server: ReturnType<typeof createServer>): Promise<string> {
  await once(server.listen(0, '127.0.0.1'), 'listening');
  onTestFinished(async () => {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  });
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('the server has no port');
  return `http://127.0.0.1:${address.port}/hooks`;
}
