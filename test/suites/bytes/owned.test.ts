import { mkdtemp, rm } from 'node:fs/promises';
import { createServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createAdaptorServer } from '@hono/node-server';
import { createReceiver, gravv, type HandlerContext, type Inbox, signBody, type WebhookOptions } from '@hookproof/core';
import * as onExpress from '@hookproof/express';
import * as onFastify from '@hookproof/fastify';
import * as onHono from '@hookproof/hono';
import { memoryInbox } from '@hookproof/inbox';
import { sqliteInbox } from '@hookproof/inbox/sqlite';
import express from 'express';
import Fastify, { type FastifyRequest } from 'fastify';
import { Hono } from 'hono';
import { afterEach, beforeEach, describe, expect, it, onTestFinished } from 'vitest';

let folder = '';
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'hookproof-'));
});
afterEach(() => rm(folder, { recursive: true }));

const secret = 'a secret for tests';
const provider = gravv();
const text = '{"event_id":"1","event_type":"card.unknown","event_data":{}}';
const headers = await signBody(provider, { body: text, secret, id: '', timestamp: 0 });

type Options = WebhookOptions<typeof provider>;

/** A view of a larger buffer, as Node's pool gives them. */
function pooled(bytes: Uint8Array = Buffer.from(text)): Buffer {
  const pool = Buffer.alloc(1_000, 'x');
  pool.set(bytes, 100);
  return pool.subarray(100, 100 + bytes.length);
}

async function origin(server: Server | ReturnType<typeof createAdaptorServer>): Promise<string> {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(async () => {
    if ('closeAllConnections' in server) server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}/hooks`;
}

/** Sends the delivery in one piece or in many. */
async function post(url: string, pieces = 1): Promise<void> {
  const bytes = Buffer.from(text);
  const size = Math.ceil(bytes.length / pieces);
  const parts = Array.from({ length: pieces }, (_, index) => bytes.subarray(index * size, (index + 1) * size)).values();
  const body = new ReadableStream({
    pull(controller) {
      const { value } = parts.next();
      if (value === undefined) controller.close();
      else controller.enqueue(value);
    },
  });
  // Node wants `duplex` for a stream, and the types of the DOM do not know it.
  const init: RequestInit & { duplex: 'half' } = { method: 'POST', headers, body, duplex: 'half' };
  const reply = await fetch(url, init);
  expect([200, 202]).toContain(reply.status);
  await reply.arrayBuffer();
}

async function toNode(listener: RequestListener, pieces?: number): Promise<void> {
  await post(await origin(createServer(listener)), pieces);
}

async function toFastify(options: Options, keep?: (request: FastifyRequest, bytes: Buffer) => void, pieces?: number) {
  const app = Fastify();
  if (keep !== undefined) {
    app.addHook('onRequest', async (request) => {
      const chunks: Buffer[] = [];
      for await (const chunk of request.raw) chunks.push(chunk);
      keep(request, pooled(Buffer.concat(chunks)));
    });
  }
  await app.register(onFastify.webhooks(provider, { ...options, path: '/hooks' }));
  await app.ready();
  await post(await origin(app.server), pieces);
}

async function toHono(options: Options, readFirst: boolean, pieces?: number): Promise<void> {
  const app = new Hono();
  if (readFirst) {
    app.use(async (c, next) => {
      await c.req.arrayBuffer();
      await next();
    });
  }
  app.post('/hooks', onHono.webhooks(provider, options));
  await post(await origin(createAdaptorServer({ fetch: app.fetch })), pieces);
}

const toReceiver = (options: Options, body: Uint8Array | ArrayBuffer | string) =>
  createReceiver({ ...options, provider }).receive({ headers, body });

/** A delivery through every adapter, from every place where its bytes can be. */
const ways: Readonly<Record<string, (options: Options) => Promise<unknown>>> = {
  'express, the stream in one piece': (options) =>
    toNode(express().use('/hooks', onExpress.webhooks(provider, options))),
  'express, the stream in many pieces': (options) =>
    toNode(express().use('/hooks', onExpress.webhooks(provider, options)), 9),
  'express, express.raw()': (options) =>
    toNode(
      express()
        .use(express.raw({ type: '*/*' }))
        .use('/hooks', onExpress.webhooks(provider, options)),
    ),
  'express, req.rawBody': (options) => {
    const verify = (request: object, _response: unknown, bytes: Buffer) =>
      void Object.assign(request, { rawBody: pooled(bytes) });
    const app = express().use(express.json({ type: () => true, verify }));
    return toNode(app.use('/hooks', onExpress.webhooks(provider, options)));
  },
  'fastify, the stream in one piece': (options) => toFastify(options),
  'fastify, the stream in many pieces': (options) => toFastify(options, undefined, 9),
  'fastify, request.rawBody': (options) =>
    toFastify(options, (request, rawBody) => void Object.assign(request, { rawBody })),
  'fastify, request.raw.rawBody': (options) =>
    toFastify(options, (request, rawBody) => void Object.assign(request.raw, { rawBody })),
  'hono, the stream in one piece': (options) => toHono(options, false),
  'hono, the stream in many pieces': (options) => toHono(options, false, 9),
  'hono, c.req.arrayBuffer()': (options) => toHono(options, true),
  'fetch, a stream': async (options) => {
    const { fetch } = createReceiver({ ...options, provider });
    return fetch(new Request('http://localhost/hooks', { method: 'POST', headers, body: Uint8Array.from(pooled()) }));
  },
  'receive, a view': (options) => toReceiver(options, pooled()),
  'receive, a view of shared memory': (options) => {
    const shared = new Uint8Array(new SharedArrayBuffer(1_000), 100, text.length);
    shared.set(Buffer.from(text));
    return toReceiver(options, shared);
  },
  'receive, an ArrayBuffer': (options) => toReceiver(options, Uint8Array.from(Buffer.from(text)).buffer),
  'receive, a string': (options) => toReceiver(options, text),
};

const inboxes: Readonly<Record<string, () => Inbox | undefined>> = {
  'without an inbox': () => undefined,
  'with memoryInbox': () => memoryInbox(),
  'with sqliteInbox': () => sqliteInbox({ path: join(folder, 'inbox.sqlite') }),
};

describe.each(Object.entries(ways))('delivery.body is an exact copy: %s', (_way, deliver) => {
  it.each(Object.entries(inboxes))('%s', async (_name, open) => {
    const inbox = open();
    if (inbox !== undefined) onTestFinished(() => inbox.close());
    const body = await new Promise<Uint8Array>((resolve, reject) => {
      const on = { '*': (_event: unknown, { delivery }: HandlerContext<unknown>) => resolve(delivery.body) };
      const options: Options = { secret, on };
      deliver(inbox === undefined ? options : Object.assign(options, { inbox })).catch(reject);
    });
    expect(Buffer.from(body).toString()).toBe(text);
    expect(Buffer.isBuffer(body)).toBe(false);
    expect(body.buffer).toBeInstanceOf(ArrayBuffer);
    expect([body.byteOffset, body.buffer.byteLength]).toEqual([0, text.length]);
  });
});
