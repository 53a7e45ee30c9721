import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { createServer as createHttp2Server, type Http2Server } from 'node:http2';
import type { Socket } from 'node:net';
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
  /** Bytes of all connections that the app has taken from the system. */
  readonly taken: () => number;
  readonly close: () => Promise<void>;
}

type Serve = (provider: Provider, options: WebhookOptions<Provider>) => Promise<App>;

/** One app per adapter, on a port that the system chooses. */
export const apps = {
  express: (provider, options) => listen(createServer(express().use('/hooks', onExpress.webhooks(provider, options)))),
  async fastify(provider, options) {
    const app = Fastify();
    await app.register(onFastify.webhooks(provider, { ...options, path: '/hooks' }));
    await app.ready();
    return listen(app.server);
  },
  async hono(provider, options) {
    const app = new Hono().all('/hooks', onHono.webhooks(provider, options));
    return listen(createAdaptorServer({ fetch: app.fetch }));
  },
} as const satisfies Readonly<Record<string, Serve>>;

export type Framework = keyof typeof apps;
export const frameworks: readonly Framework[] = ['express', 'fastify', 'hono'];

/** The same over HTTP/2 without TLS. Express itself does not know HTTP/2; its adapter is the listener. */
export const http2Apps: Readonly<Record<Framework, Serve>> = {
  async express(provider, options) {
    const middleware = onExpress.webhooks(provider, { ...options, path: '/hooks' });
    const server = createHttp2Server();
    // The compatibility layer of Node's has what is used of a request of HTTP/1, but not its type.
    server.on('request', (request: unknown, response: unknown) => {
      void middleware(request as IncomingMessage, response as ServerResponse);
    });
    return listen(server);
  },
  async fastify(provider, options) {
    const app = Fastify({ http2: true });
    await app.register(onFastify.webhooks(provider, { ...options, path: '/hooks' }));
    await app.ready();
    return listen(app.server);
  },
  async hono(provider, options) {
    const app = new Hono().all('/hooks', onHono.webhooks(provider, options));
    return listen(createAdaptorServer({ fetch: app.fetch, createServer: createHttp2Server }));
  },
};

type AnyServer = Server | Http2Server | ReturnType<typeof createAdaptorServer>;

async function listen(server: AnyServer): Promise<App> {
  const sockets: Socket[] = [];
  server.on('connection', (socket: Socket) => void sockets.push(socket));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  if (typeof address !== 'object' || address === null) throw new Error('The server has no port.');
  return {
    port: address.port,
    taken: () => sockets.reduce((sum, { bytesRead }) => sum + bytesRead, 0),
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        for (const socket of sockets) socket.destroy();
      }),
  };
}
