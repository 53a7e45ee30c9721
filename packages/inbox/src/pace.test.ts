import { expect, it } from 'vitest';
import type { Lease } from './engine.ts';
import { createPace } from './pace.ts';

const lease = (body: Uint8Array): Lease => ({
  ...{ id: '1', name: 'a', token: 't', attempt: 1, afterLoss: false, receivedAt: new Date(), owner: undefined },
  headers: new Map(),
  body,
});

function paceAfter(ends: number) {
  const pace = createPace();
  for (let end = 0; end < ends; end += 1) pace.ended();
  return pace;
}

it('nothing is taken ahead where handlers take their time', () => {
  expect(createPace().ahead()).toBe(0);
  const pace = paceAfter(3);
  pace.took(1, []);
  expect(pace.ahead()).toBe(0);
});

it('as much is taken ahead as handlers end while the store answers a few times', () => {
  const pace = paceAfter(40);
  const quick = pace.ahead();
  for (let look = 0; look < 30; look += 1) pace.took(50, []);
  expect(quick).toBeGreaterThan(0);
  expect(quick).toBeLessThan(10);
  expect(pace.ahead()).toBeGreaterThan(3 * quick);
});

it('never more than 100 deliveries, or 16 MiB of bodies, are taken ahead', () => {
  const pace = paceAfter(100_000);
  expect(pace.ahead()).toBe(100);
  const long = lease(new Uint8Array(4 * 1024 * 1024));
  pace.took(
    1,
    Array.from({ length: 200 }, () => long),
  );
  expect(pace.ahead()).toBe(4);
});
