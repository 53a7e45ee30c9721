import { execFileSync, spawnSync } from 'node:child_process';
import { generateKeyPairSync } from 'node:crypto';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer as createHttp, Agent as HttpAgent, request as httpRequest } from 'node:http';
import { connect as connectHttp2 } from 'node:http2';
import { createServer as createHttps, Agent as HttpsAgent, request as httpsRequest } from 'node:https';
import { type AddressInfo, connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { createAdaptorServer } from '@hono/node-server';
import { type Inbox, standardWebhooks } from '@hookproof/core';
import { webhooks as expressWebhooks } from '@hookproof/express';
import { webhooks as fastifyWebhooks } from '@hookproof/fastify';
import { webhooks as honoWebhooks } from '@hookproof/hono';
import { gracefulShutdown, type ListeningServer } from '@hookproof/inbox';
import { sqliteInbox } from '@hookproof/inbox/sqlite';
import { signedDelivery } from '@hookproof/testing';
import express from 'express';
import Fastify from 'fastify';
import { Hono } from 'hono';
import { afterAll, describe, expect, it, vi } from 'vitest';

const secret = 'whsec_dGhlIHNodXRkb3duIGVuZHMgaW4gdGltZSE=';
const provider = standardWebhooks({ name: 'load' });
const path = '/webhooks/load';
const folder = mkdtempSync(join(tmpdir(), 'hookproof-shutdown-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const openssl = 'openssl';
const hasOpenssl = spawnSync(openssl, ['version']).status === 0;

/** A key, and a certificate that it signed itself. */
function selfSigned() {
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'prime256v1' });
  const key = privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();
  const file = join(folder, 'key.pem');
  writeFileSync(file, key, { mode: 0o600 });
  const args = ['req', '-x509', '-days', '2', '-key', file, '-subj', '/CN=127.0.0.1'];
  return { key, cert: execFileSync(openssl, args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] }) };
}

type Options = { readonly secret: string; readonly inbox: Inbox; readonly on: { '*': () => Promise<void> } };
type Protocol = 'http' | 'https' | 'h2c' | 'h2';

const servers: [name: string, protocol: Protocol, make: (options: Options) => Promise<ListeningServer>][] = [
  ['http', 'http', async (options) => createHttp(expressWebhooks(provider, options))],
  ['https', 'https', async (options) => createHttps(selfSigned(), expressWebhooks(provider, options))],
  ['Express', 'http', async (options) => createHttp(express().use(expressWebhooks(provider, options)))],
  [
    'Fastify',
    'http',
    async (options) => {
      const app = Fastify();
      await app.register(fastifyWebhooks(provider, options));
      await app.ready();
      return app.server;
    },
  ],
  [
    'HTTP/2',
    'h2c',
    async (options) => {
      const app = Fastify({ http2: true });
      await app.register(fastifyWebhooks(provider, options));
      await app.ready();
      return app.server;
    },
  ],
  [
    'HTTP/2 over TLS',
    'h2',
    async (options) => {
      const app = Fastify({ http2: true, https: { ...selfSigned(), allowHTTP1: true } });
      await app.register(fastifyWebhooks(provider, options));
      await app.ready();
      return app.server;
    },
  ],
  [
    'Hono',
    'http',
    async (options) => createAdaptorServer({ fetch: new Hono().post(path, honoWebhooks(provider, options)).fetch }),
  ],
];

interface Sender {
  /** Sends one event, and resolves with the status; rejects where no reply came. */
  readonly send: (id: string) => Promise<number>;
  readonly close: () => void;
}

const deliveryOf = (id: string) => signedDelivery(provider, { body: { type: 'a', data: 'x' } }, { secret, id });

/** A sender that keeps its connection. */
function keepAlive(protocol: Protocol, port: number): Sender {
  if (protocol === 'h2' || protocol === 'h2c') {
    const origin = `${protocol === 'h2' ? 'https' : 'http'}://127.0.0.1:${port}`;
    const session = connectHttp2(origin, { rejectUnauthorized: false });
    session.on('error', () => undefined);
    return {
      close: () => session.destroy(),
      async send(id) {
        const { headers, body } = await deliveryOf(id);
        const stream = session.request({ ':method': 'POST', ':path': path, ...headers });
        stream.end(body);
        const refused = once(stream, 'close').then(() => Promise.reject(new Error('There was no reply.')));
        const [reply] = await Promise.race([once(stream, 'response'), refused]);
        stream.resume();
        await refused.catch(() => undefined);
        return Number(reply[':status']);
      },
    };
  }
  const one = { keepAlive: true, maxSockets: 1 };
  const agent = protocol === 'http' ? new HttpAgent(one) : new HttpsAgent(one);
  const request = protocol === 'http' ? httpRequest : httpsRequest;
  return {
    close: () => agent.destroy(),
    async send(id) {
      const { headers, body } = await deliveryOf(id);
      const sent = request({
        agent,
        port,
        path,
        host: '127.0.0.1',
        method: 'POST',
        rejectUnauthorized: false,
        headers: { ...headers, 'content-length': body.length },
      });
      sent.end(body);
      const [reply] = await once(sent, 'response');
      await text(reply);
      return reply.statusCode;
    },
  };
}

/** A connection that sends no more than this, and a promise of its end. */
async function silent(port: number, start = ''): Promise<{ readonly closed: Promise<unknown> }> {
  const socket = connect(port, '127.0.0.1');
  socket.on('error', () => undefined);
  const closed = new Promise((resolve) => socket.once('close', resolve));
  await once(socket, 'connect');
  if (start !== '') socket.write(start);
  socket.resume();
  return { closed };
}

describe.each(servers)('the shutdown of a server: %s', (name, protocol, make) => {
  const needsTls = protocol === 'https' || protocol === 'h2';

  it.skipIf(needsTls && !hasOpenssl)(
    'ends in time under load and with silent sockets, and leaves nothing behind that got 2xx',
    async () => {
      const file = join(folder, `${name.replaceAll(/\W/g, '')}.db`);
      const inbox = sqliteInbox({ path: file, concurrency: 5 });
      const handlers = { begun: 0, ended: 0 };
      const server = await make({
        secret,
        inbox,
        on: {
          '*': async () => {
            handlers.begun += 1;
            await new Promise((resolve) => setTimeout(resolve, 500));
            handlers.ended += 1;
          },
        },
      });
      const errors: unknown[] = [];
      const order: string[] = [];
      const shutDown = gracefulShutdown(server, {
        inboxes: [
          {
            close(options) {
              order.push('inbox');
              return inbox.close(options);
            },
          },
        ],
        afterClose: () => order.push('after'),
        maxMs: 8_000,
        onError: (error) => errors.push(error),
      });
      if (!server.listening) await once(server.listen(0, '127.0.0.1'), 'listening');
      const { port } = server.address() as AddressInfo;

      const accepted: string[] = [];
      const senders = [1, 2, 3].map(() => keepAlive(protocol, port));
      const idle = keepAlive(protocol, port);
      expect(await idle.send('evt_idle')).toBe(202);
      const half = 'POST /webhooks/load HTTP/1.1\r\nHost: a\r\nContent-Le';
      const sockets = await Promise.all([silent(port), silent(port), silent(port, half)]);
      // Until they are refused, and no longer than the shutdown may take.
      const loads = senders.map(async (sender, lane) => {
        for (let n = 0; ; n += 1) {
          const id = `evt_${lane}_${n}`;
          const status = await sender.send(id).catch(() => undefined);
          if (status === undefined) return;
          if (status === 202) accepted.push(id);
        }
      });
      await vi.waitFor(() => expect(accepted.length).toBeGreaterThan(20), 10_000);

      const began = performance.now();
      await shutDown();
      expect(performance.now() - began).toBeLessThan(8_000);
      await Promise.all([...loads, ...sockets.map(({ closed }) => closed)]);
      for (const { close } of [...senders, idle]) close();
      expect(shutDown()).toBe(shutDown());
      expect(errors).toEqual([]);
      expect(order).toEqual(['inbox', 'after']);
      expect(handlers.begun).toBeGreaterThan(0);
      expect(handlers.ended, 'handlers got their time').toBe(handlers.begun);

      const after = sqliteInbox({ path: file, work: false });
      const stored: string[] = [];
      for await (const { key } of after.list()) stored.push(key);
      await after.close();
      expect(stored.length).toBeGreaterThanOrEqual(accepted.length + 1);
      expect(accepted.filter((id) => !stored.some((key) => key.endsWith(id)))).toEqual([]);
    },
    40_000,
  );
});

describe('the shutdown', () => {
  it('ends by its time where an inbox and what comes after it hang, and says both', async () => {
    const errors: string[] = [];
    const hangs = () => new Promise<void>(() => undefined);
    const shutDown = gracefulShutdown([], {
      inboxes: [{ close: hangs }],
      afterClose: hangs,
      maxMs: 300,
      onError: (error) => void errors.push(String(error)),
    });
    const began = performance.now();
    await shutDown();
    expect(performance.now() - began).toBeLessThan(1_000);
    expect(errors).toEqual([
      expect.stringMatching(/An inbox did not close.*maxMs/),
      expect.stringMatching(/afterClose did not close.*maxMs/),
    ]);
  });

  it('goes on where a step fails, and never rejects', async () => {
    const errors: string[] = [];
    const fails = async () => {
      throw new Error('as a closed pool does');
    };
    let after = 0;
    const shutDown = gracefulShutdown(createHttp(), {
      inboxes: [{ close: fails }],
      afterClose: () => {
        after += 1;
      },
      onError: (error) => void errors.push(String(error)),
    });
    await shutDown();
    expect({ errors, after }).toEqual({ errors: ['Error: as a closed pool does'], after: 1 });
  });

  it.each([
    [() => gracefulShutdown({} as never), /takes a server of node:http/],
    [() => gracefulShutdown([], { inbox: [] } as never), /inbox is not an option of gracefulShutdown/],
    [() => gracefulShutdown([], { inboxes: {} as never }), /inboxes must be a list/],
    [() => gracefulShutdown([], { graceMs: 30_000 }), /graceMs must be less than maxMs/],
    [() => gracefulShutdown([], { maxMs: 0 }), /maxMs must be a number of milliseconds/],
    [() => gracefulShutdown([], { afterClose: 1 as never }), /afterClose must be a function/],
  ])('names a wrong option: %#', (make, message) => {
    expect(make).toThrow(message);
    expect(make).toThrow(expect.objectContaining({ code: 'invalid_options' }));
  });
});
