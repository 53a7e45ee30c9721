import { execFile } from 'node:child_process';
import { EventEmitter, once } from 'node:events';
import { createServer as createHttpServer } from 'node:http';
import { createServer } from 'node:net';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { grantex, grantiva, type Provider, standardWebhooks } from '@hookproof/core';
import { type AttemptError, type SimulatorOptions, simulateProvider } from '@hookproof/testing/simulator';
import { describe, expect, it, onTestFinished } from 'vitest';
import { root } from '../../rules/workspace.ts';
import { type Answer, rawServer, reply, statuses } from './raw-server.ts';

const oneAttempt = { delaysMs: [], timeoutMs: 1_500 };
const speed = Number.POSITIVE_INFINITY;

function sendTo(url: string, options: Partial<SimulatorOptions> = {}, provider: Provider = grantiva()) {
  const sender = simulateProvider(provider, { url, secret: 'a', behaviour: oneAttempt, ...options });
  return { sender, sent: sender.send() };
}

describe('a receiver that', () => {
  const trickle: Answer = ({ socket }) => {
    socket.write('HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n');
    const timer = setInterval(() => socket.write('.'), 20);
    socket.on('close', () => clearInterval(timer));
  };
  const giant: Answer = ({ socket }) => {
    socket.write('HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n');
    const piece = `10000\r\n${'x'.repeat(65_536)}\r\n`;
    const flood = () => {
      let isRoom = !socket.destroyed;
      while (isRoom) isRoom = socket.write(piece) && !socket.destroyed;
    };
    socket.on('drain', flood);
    flood();
  };
  it.each<[string, Answer, number | undefined, AttemptError | undefined]>([
    ['resets the connection', ({ socket }) => socket.resetAndDestroy(), undefined, 'connection_reset'],
    ['hangs up', ({ socket }) => socket.end(), undefined, 'connection_reset'],
    ['never answers', () => undefined, undefined, 'timeout'],
    ['answers with a trickle', trickle, 200, 'timeout'],
    ['answers with no HTTP', ({ socket }) => socket.end('SSH-2.0-OpenSSH_9.6\r\n\r\n'), undefined, 'invalid_reply'],
    [
      'answers with half a reply',
      ({ socket }) => socket.end(reply(200, 'whole').slice(0, -2)),
      200,
      'connection_reset',
    ],
    [
      'answers with half a header',
      ({ socket }) => socket.end('HTTP/1.1 200 OK\r\nA: b'),
      undefined,
      'connection_reset',
    ],
    [
      'changes the protocol',
      ({ socket }) => socket.write('HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\nConnection: upgrade\r\n\r\n'),
      undefined,
      'invalid_reply',
    ],
    [
      'answers with a header without end',
      ({ socket }) => socket.write(`HTTP/1.1 200 OK\r\nA: ${'b'.repeat(100_000)}`),
      undefined,
      'invalid_reply',
    ],
    ['answers with a giant body', giant, 200, undefined],
    ['ends its body with the connection', ({ socket }) => socket.end('HTTP/1.1 200 OK\r\n\r\nok'), 200, undefined],
    [
      'closes the connection after its reply',
      ({ socket }) => socket.end(reply(200, 'ok', 'Connection: close\r\n')),
      200,
      undefined,
    ],
    [
      'has something to say before',
      ({ socket }) => socket.write(`HTTP/1.1 103 Hi\r\n\r\n${reply(200)}`),
      200,
      undefined,
    ],
  ])('%s', async (_what, answer, status, error) => {
    const server = await rawServer(answer);
    const { sender, sent } = sendTo(server.url);
    const { state, attempts } = await sent;
    expect(attempts).toMatchObject([{ status, error, isDelivered: error === undefined, number: 1 }]);
    expect(state).toBe(error === undefined ? 'delivered' : 'failed');
    expect(attempts[0]?.body.length).toBeLessThanOrEqual(2_000);
    await sender.close();
    await server.allClosed();
  });

  it('is not there', async () => {
    const server = createServer();
    await once(server.listen(0, '127.0.0.1'), 'listening');
    const address = server.address();
    const port = typeof address === 'object' ? address?.port : undefined;
    server.close();
    await once(server, 'close');
    const { sender, sent } = sendTo(`http://127.0.0.1:${port}`);
    expect((await sent).attempts).toMatchObject([{ error: 'connection_refused', status: undefined, body: '' }]);
    await sender.close();
  });

  it('has no address', async () => {
    const { sender, sent } = sendTo('http://receiver.invalid/hooks', { behaviour: { delaysMs: [] } });
    expect((await sent).attempts).toMatchObject([{ error: 'host_not_found' }]);
    await sender.close();
  });

  it('speaks no TLS', async () => {
    const server = createHttpServer();
    await once(server.listen(0, '127.0.0.1'), 'listening');
    onTestFinished(() => void server.close());
    const address = server.address();
    const port = typeof address === 'object' ? address?.port : undefined;
    const { sender, sent } = sendTo(`https://127.0.0.1:${port}`, { behaviour: { delaysMs: [] } });
    expect((await sent).attempts).toMatchObject([{ error: 'connection_failed', status: undefined }]);
    await sender.close();
  });
});

describe('many deliveries', () => {
  it('go over few connections, which are used again', async () => {
    const server = await rawServer(statuses(200));
    let connections = 0;
    server.server.on('connection', () => connections++);
    const sender = simulateProvider(grantex(), { url: server.url, secret: 'a' });
    const deliveries = await sender.sendAll(Array(200).fill('grant.created'), { concurrency: 5 });
    expect(deliveries.every(({ state }) => state === 'delivered')).toBe(true);
    expect(connections).toBeLessThanOrEqual(5);
    await sender.close();
  });

  it('of single sends too are bounded on the wire', async () => {
    let most = 0;
    const held: (() => void)[] = [];
    const server = await rawServer(({ socket }) => {
      held.push(() => socket.write(reply(200)));
      most = Math.max(most, server.sockets.size);
      // Answered in groups, so that as many as can be are held at once.
      if (held.length % 64 === 0 || server.requests.length > 960) for (const answer of held.splice(0)) answer();
    });
    const sender = simulateProvider(grantex(), { url: server.url, secret: 'a' });
    const sent = Array.from({ length: 1_000 }, () => sender.send('grant.created'));
    expect((await Promise.all(sent)).every(({ state }) => state === 'delivered')).toBe(true);
    expect(most).toBe(64);
    await sender.close();
  });

  it('that wait for a retry, 10,000 of them, hold no connection and no turn', async () => {
    const server = await rawServer(statuses(500));
    const failed = new EventEmitter();
    let count = 0;
    const onAttempt = () => {
      count++;
      if (count === 10_000) failed.emit('all');
    };
    const allFailed = once(failed, 'all');
    const sender = simulateProvider(grantex(), { url: server.url, secret: 'a', onAttempt });
    const sent = sender.sendAll(Array(10_000).fill('grant.created'), { concurrency: 20 });
    await allFailed;
    expect(sender.log).toHaveLength(10_000);
    expect(sender.log.every(({ state }) => state === 'pending')).toBe(true);
    expect(server.sockets.size).toBeLessThanOrEqual(20);
    await sender.close();
    expect((await sent).every(({ state, attempts }) => state === 'aborted' && attempts.length === 1)).toBe(true);
  }, 60_000);
});

describe('close', () => {
  it('aborts what is on the wire, waits or queues, and closes every connection', async () => {
    const server = await rawServer(({ socket, body }) => {
      if (body.toString() === 'fail') socket.write(reply(500));
    });
    const sender = simulateProvider(grantiva(), { url: server.url, secret: 'a', behaviour: { delaysMs: [1e9] } });
    const waiting = sender.send({ body: 'fail' });
    while (sender.log[0]?.attempts.length !== 1) await new Promise((resolve) => setImmediate(resolve));
    const hanging = sender.sendAll([{ body: 'hang' }, { body: 'queued' }], { concurrency: 1 });
    while (server.requests.length < 2) await new Promise((resolve) => setImmediate(resolve));
    await sender.close();
    expect(await waiting).toMatchObject({ state: 'aborted', attempts: [{ status: 500 }] });
    expect(await hanging).toMatchObject([
      { state: 'aborted', attempts: [{ error: 'aborted', isDelivered: false }] },
      { state: 'aborted', attempts: [] },
    ]);
    await server.allClosed();
    expect(await sender.send()).toMatchObject({ state: 'aborted', attempts: [] });
    expect(server.requests).toHaveLength(2);
    await sender.close();
  });

  it('is what `await using` calls', () => {
    const sender = simulateProvider(grantex(), { url: 'http://localhost', secret: 'a' });
    expect(sender[Symbol.asyncDispose]).toBe(sender.close);
  });
});

describe('an AbortSignal', () => {
  it('ends one delivery and leaves the others alone', async () => {
    const controller = new AbortController();
    const server = await rawServer(({ socket, body }) => {
      if (body.toString() === 'hang') controller.abort();
      else socket.write(reply(200));
    });
    const sender = simulateProvider(grantiva(), { url: server.url, secret: 'a' });
    const { signal } = controller;
    const [hung, other] = await Promise.all([sender.send({ body: 'hang' }, { signal }), sender.send({ body: '{}' })]);
    expect(hung).toMatchObject({ state: 'aborted', attempts: [{ error: 'aborted' }] });
    expect(other.state).toBe('delivered');
    expect(await sender.send({ body: '{}' }, { signal })).toMatchObject({ state: 'aborted', attempts: [] });
    await sender.close();
  });
});

it('an AbortSignal ends a delivery that waits for its turn, at once', async () => {
  const full = new EventEmitter();
  const server = await rawServer(() => server.requests.length === 64 && full.emit('full'));
  const isFull = once(full, 'full');
  const behaviour = { timeoutMs: 1e9 };
  const sender = simulateProvider(grantex(), { url: server.url, secret: 'a', behaviour });
  const hanging = Array.from({ length: 64 }, () => sender.send());
  const controller = new AbortController();
  const queued = sender.send('grant.revoked', { signal: controller.signal });
  await isFull;
  controller.abort();
  expect(await queued).toMatchObject({ state: 'aborted', attempts: [] });
  expect(sender.log.filter(({ state }) => state === 'pending')).toHaveLength(64);
  await sender.close();
  expect((await Promise.all(hanging)).every(({ state }) => state === 'aborted')).toBe(true);
});

describe('onAttempt', () => {
  it('that throws rejects the send, and ends the others of its sendAll', async () => {
    const server = await rawServer(statuses(500));
    const mistake = new Error('an assertion of the caller');
    const onAttempt = () => {
      throw mistake;
    };
    const sender = simulateProvider(grantex(), { url: server.url, secret: 'a', onAttempt });
    await expect(sender.send()).rejects.toBe(mistake);
    await expect(sender.sendAll(['grant.created', 'grant.revoked'])).rejects.toBe(mistake);
    expect(sender.log.map(({ state }) => state)).toEqual(['aborted', 'aborted', 'aborted']);
    await sender.close();
  });
});

describe('a process', () => {
  it.each([
    ['closed', 'aborted aborted\n'],
    ['aborted', 'aborted aborted\n'],
    ['left alone', 'delivered\n'],
    ['answered early', '202\n'],
  ])(
    'whose sender was %s ends by itself',
    async (how, expected) => {
      const server = await rawServer(({ socket, body }) => {
        if (body.toString() !== 'hang') socket.write(reply(body.toString() === 'fail' ? 500 : 200));
      });
      if (how === 'answered early') {
        server.server.on('connection', (socket) => socket.once('data', () => socket.write(reply(202))));
      }
      const child = fileURLToPath(new URL('./ends-by-itself.ts', import.meta.url));
      const args = ['--conditions=@hookproof/source', '--import', 'tsx', child, server.url, how];
      const { stdout } = await promisify(execFile)(process.execPath, args, { cwd: root, timeout: 30_000 });
      expect(stdout).toBe(expected);
    },
    40_000,
  );
});

it('the samples of Standard Webhooks go to a receiver that fails for a while', async () => {
  const server = await rawServer(statuses(503, 503, 503, 200));
  const secret = 'whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD';
  const sender = simulateProvider(standardWebhooks(), { url: server.url, secret, speed });
  expect(await sender.send()).toMatchObject({ state: 'delivered', retries: 3 });
  await sender.close();
});
