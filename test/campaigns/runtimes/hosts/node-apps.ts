import { createServer, type IncomingMessage, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { createReceiver, type Provider, type WebhookOptions } from '@hookproof/core';
import { letGoOfUpload, nodeStreamReader } from '@hookproof/core/adapter';
import { webhooks as expressWebhooks } from '@hookproof/express';
import { webhooks as fastifyWebhooks } from '@hookproof/fastify';
import express from 'express';
import Fastify from 'fastify';
import type { Running } from './control.ts';
import { providerOf } from './options.ts';
import type { AppOrder } from './wire.ts';

/** The apps of frameworks that are made on `node:http`. */
export async function nodeApp(order: AppOrder, options: WebhookOptions<Provider>): Promise<Running> {
  if (order.way === 'core.receive') return coreApp(order, options);
  if (order.way === 'express') return expressApp(order, options);
  if (order.way === 'fastify') return fastifyApp(order, options);
  throw new Error(`no app for ${order.way}`);
}

async function coreApp(order: AppOrder, options: WebhookOptions<Provider>): Promise<Running> {
  const receiver = createReceiver<Provider, IncomingMessage>({ ...options, provider: providerOf(order) });
  return serve(async (request, response) => {
    const { method, headers } = request;
    const body = order.bodyRead ? JSON.parse(await text(request)) : nodeStreamReader(request);
    const reply = await receiver.receive({ method, headers, body, request });
    if (letGoOfUpload(request)) response.setHeader('connection', 'close');
    response.writeHead(reply.status, reply.headers).end(reply.body);
  });
}

async function expressApp(order: AppOrder, options: WebhookOptions<Provider>): Promise<Running> {
  const app = express();
  if (order.bodyRead) app.use(express.json());
  app.use('/hooks', expressWebhooks(providerOf(order), options));
  return serve(app);
}

async function fastifyApp(order: AppOrder, options: WebhookOptions<Provider>): Promise<Running> {
  const app = Fastify();
  if (order.bodyRead) {
    app.addHook('onRequest', async (request) => {
      for await (const _chunk of request.raw);
    });
  }
  await app.register(fastifyWebhooks(providerOf(order), { ...options, path: '/hooks' }));
  const origin = await app.listen({ host: '127.0.0.1', port: 0 });
  return {
    url: `${origin}/hooks`,
    close: async () => {
      app.server.closeAllConnections();
      await app.close();
    },
  };
}

/** Serves on a free port of loopback. */
export async function serve(listener: RequestListener): Promise<Running & { readonly port: number }> {
  const server = createServer(listener);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    port,
    url: `http://127.0.0.1:${port}/hooks`,
    close: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
