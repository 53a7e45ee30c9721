import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { type ServerType, serve } from '@hono/node-server';
import * as onExpress from '@hookproof/express';
import * as onFastify from '@hookproof/fastify';
import * as onHono from '@hookproof/hono';
import express from 'express';
import Fastify from 'fastify';
import { Hono } from 'hono';
import type { Mount } from './mounts.ts';

/** A running server of the demo. */
export interface DemoServer {
  /** The name under which its receivers report. */
  readonly framework: string;
  /** `http://127.0.0.1:<port>` */
  readonly origin: string;
  /** Resolves when the deliveries under way are answered and the port is free. */
  close(): Promise<void>;
}

const hostname = '127.0.0.1';

/** How each framework is started, on a free port. */
export const starters: readonly ((mounts: readonly Mount[]) => Promise<DemoServer>)[] = [
  async (mounts) => {
    const app = express();
    for (const { path, provider, options } of mounts) app.use(onExpress.webhooks(provider, { ...options, path }));
    return nodeServer('express', app.listen(0, hostname));
  },
  async (mounts) => {
    const app = Fastify();
    for (const { path, provider, options } of mounts) {
      await app.register(onFastify.webhooks(provider, { ...options, path }));
    }
    return { framework: 'fastify', origin: await app.listen({ port: 0, host: hostname }), close: () => app.close() };
  },
  async (mounts) => {
    const app = new Hono();
    for (const { path, provider, options } of mounts) app.all(path, onHono.webhooks(provider, options));
    return nodeServer('hono', serve({ fetch: app.fetch, port: 0, hostname }));
  },
];

async function nodeServer(framework: string, server: ServerType): Promise<DemoServer> {
  if (!server.listening) await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const closed = once(server, 'close');
  async function close(): Promise<void> {
    server.close();
    await closed;
  }
  return { framework, origin: `http://${hostname}:${port}`, close };
}
