import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import { setTimeout as pause } from 'node:timers/promises';
import { afterEach, expect, it } from 'vitest';
import { type Network, startNetwork } from './network.ts';

const closing: (() => unknown)[] = [];

afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close();
});

/** A store that answers each word with the same one, and remembers what it was asked. */
async function makeStore() {
  const asked: string[] = [];
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on('error', () => undefined);
    socket.on('close', () => sockets.delete(socket));
    socket.on('data', (data) => {
      asked.push(String(data));
      socket.write(data);
    });
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const network = await startNetwork(`tcp://127.0.0.1:${(server.address() as AddressInfo).port}`);
  closing.push(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  }, network.close);
  return { asked, sockets, network };
}

function join({ url }: Network) {
  const socket = connect(Number(new URL(url).port), '127.0.0.1');
  const answers: string[] = [];
  socket.on('error', () => undefined);
  socket.on('data', (data) => answers.push(String(data)));
  closing.push(() => socket.destroy());
  const closed = new Promise((resolve) => socket.on('close', resolve));
  /** Resolves with the answer; what was asked before it may be answered with it. */
  const ask = async (word: string) => {
    socket.write(word);
    while (!answers.at(-1)?.endsWith(word)) await once(socket, 'data', { signal: AbortSignal.timeout(5_000) });
  };
  return { socket, answers, ask, closed };
}

it.each([
  ['old connections silent', []],
  ['old connections without questions', []],
  ['old connections without answers', ['lost']],
] as const)('%s: they stay so for good, and a new one works', async (fault, arrived) => {
  const { asked, sockets, network } = await makeStore();
  const old = join(network);
  await old.ask('before');
  network.fail(fault);
  old.socket.write('lost');
  const fresh = join(network);
  await fresh.ask('after');
  network.heal();
  await fresh.ask('healed');
  expect(old.answers).toEqual(['before']);
  expect(asked).toEqual(['before', ...arrived, 'after', 'healed']);
  // Nor does the store learn that the client has gone, until its own time for that is over.
  old.socket.destroy();
  await fresh.ask('later');
  if (fault !== 'old connections without answers') expect(sockets.size).toBe(2);
  network.expire();
  while (sockets.size > 1) await pause(5);
});

it('silent for all: old and new connections carry nothing, and then all that they were given', async () => {
  const { asked, network } = await makeStore();
  const old = join(network);
  await old.ask('before');
  network.fail('silent for all');
  const fresh = join(network);
  for (const { socket } of [old, fresh]) socket.write('held');
  await pause(50);
  expect(asked).toEqual(['before']);
  const answered = [old, fresh].map(({ socket }) => once(socket, 'data'));
  network.heal();
  await Promise.all(answered);
  expect(asked).toEqual(['before', 'held', 'held']);
});

it('slow: every chunk is late, in the order in which they came', async () => {
  const { asked, network } = await makeStore();
  const { ask, socket } = join(network);
  await ask('before');
  network.fail('slow');
  const from = performance.now();
  await ask('first');
  expect(performance.now() - from).toBeGreaterThan(180);
  socket.write('second');
  await pause(20);
  network.heal();
  await ask('third');
  expect(asked.join(' ')).toMatch(/^before first second ?third$/);
});

it('cut: every connection ends, and none is taken until it is over', async () => {
  const { network } = await makeStore();
  const { ask, closed } = join(network);
  await ask('before');
  network.fail('cut');
  await closed;
  await join(network).closed;
  network.heal();
  await join(network).ask('after');
});
