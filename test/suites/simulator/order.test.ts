import { grantex } from '@hookproof/core';
import { type SendAllOptions, simulateProvider } from '@hookproof/testing/simulator';
import { expect, it } from 'vitest';
import { rawServer, reply, statuses } from './raw-server.ts';

const events = Array.from({ length: 50 }, (_, index) => ({ body: String(index) }));
const numbers = events.map(({ body }) => body);

async function arrivals(options: SendAllOptions): Promise<readonly string[]> {
  const server = await rawServer(statuses(200));
  const sender = simulateProvider(grantex(), { url: server.url, secret: 'a' });
  await sender.sendAll(events, { concurrency: 1, ...options });
  await sender.close();
  return server.requests.map(({ body }) => body.toString());
}

it('events are sent as they are given', async () => {
  expect(await arrivals({})).toEqual(numbers);
});

it('events are sent in reverse', async () => {
  expect(await arrivals({ order: 'reversed' })).toEqual(numbers.toReversed());
});

it('events are shuffled, each once, and alike for the same seed', async () => {
  const shuffled = await arrivals({ order: 'shuffled' });
  expect(shuffled).not.toEqual(numbers);
  expect(shuffled.toSorted((a, b) => Number(a) - Number(b))).toEqual(numbers);
  expect(await arrivals({ order: 'shuffled', seed: 1 })).toEqual(shuffled);
  expect(await arrivals({ order: 'shuffled', seed: 2 })).not.toEqual(shuffled);
});

it('no more attempts are on the wire than concurrency says, and as many', async () => {
  let open = 0;
  let most = 0;
  const held: (() => void)[] = [];
  const server = await rawServer(({ socket }) => {
    open++;
    most = Math.max(most, open);
    held.push(() => socket.write(reply(200)));
    if (held.length < 7 && server.requests.length < 49) return;
    open -= held.length;
    for (const answer of held.splice(0)) answer();
  });
  const sender = simulateProvider(grantex(), { url: server.url, secret: 'a' });
  await sender.sendAll(events, { concurrency: 7 });
  await sender.close();
  expect(most).toBe(7);
});

it('ratePerSecond spreads the beginnings', async () => {
  const server = await rawServer(statuses(200));
  const sender = simulateProvider(grantex(), { url: server.url, secret: 'a' });
  const began = performance.now();
  await sender.sendAll(events.slice(0, 6), { ratePerSecond: 50 });
  // A timer never fires before its time: the sixth begins after five fiftieths of a second.
  expect(performance.now() - began).toBeGreaterThanOrEqual(99);
  await sender.close();
});

it('a signal ends those that have not begun', async () => {
  const controller = new AbortController();
  const server = await rawServer(({ socket }) => {
    socket.write(reply(200));
    controller.abort();
  });
  const sender = simulateProvider(grantex(), { url: server.url, secret: 'a' });
  const all = await sender.sendAll(events, { ratePerSecond: 0.001, signal: controller.signal });
  await sender.close();
  expect(all).toHaveLength(events.length);
  expect(all.slice(1).every(({ state, attempts }) => state === 'aborted' && attempts.length === 0)).toBe(true);
  expect(server.requests).toHaveLength(1);
});

it('until begins nothing more, and lets what is on the wire come to its end', async () => {
  const until = new AbortController();
  let answered = 0;
  const server = await rawServer(({ socket }) => {
    if (server.requests.length === 1) return void socket.write(reply(500));
    if (server.requests.length < 4) return;
    until.abort();
    answered += 1;
    socket.write(reply(200));
  });
  const sender = simulateProvider(grantex(), { url: server.url, secret: 'a', behaviour: { timeoutMs: 2_000 } });
  const sent = await sender.sendAll(events.slice(0, 10), { concurrency: 3, until: until.signal });
  // One was answered with 500 and waits a minute, two are never answered, and one was on the wire.
  const endings = sent.map(({ state, attempts }) => `${state} ${attempts[0]?.status ?? attempts[0]?.error ?? ''}`);
  expect(endings.toSorted()).toEqual([
    ...Array.from({ length: 6 }, () => 'aborted '),
    ...['aborted 500', 'aborted timeout', 'aborted timeout', 'delivered 200'],
  ]);
  expect(answered).toBe(1);
  await sender.close();
});
