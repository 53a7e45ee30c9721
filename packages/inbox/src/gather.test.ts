import { expect, it } from 'vitest';
import { gather } from './gather.ts';

it('calls that come together share one run, and each gets its own result', async () => {
  const runs: (readonly number[])[] = [];
  const { add } = gather((items: readonly number[]) => {
    runs.push(items);
    return items.map((item) => item * 2);
  }, 10);
  expect(await Promise.all([1, 2, 3].map(add))).toEqual([2, 4, 6]);
  expect(runs).toEqual([[1, 2, 3]]);
});

it('what comes while a run is under way is the next run, and no run is longer than allowed', async () => {
  const runs: number[] = [];
  const { add, idle } = gather(async (items: readonly number[]) => {
    runs.push(items.length);
    await new Promise((resolve) => setImmediate(resolve));
    return items;
  }, 4);
  const results = Promise.all(Array.from({ length: 10 }, (_, index) => add(index)));
  await idle();
  expect(await results).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
  expect(runs).toEqual([4, 4, 2]);
});

it('a run that fails fails for each of its calls, and not for later ones', async () => {
  let fails = true;
  const { add } = gather((items: readonly number[]) => {
    if (fails) throw new Error('boom');
    return items;
  }, 10);
  const first = await Promise.allSettled([add(1), add(2)]);
  expect(first.map(({ status }) => status)).toEqual(['rejected', 'rejected']);
  fails = false;
  expect(await add(3)).toBe(3);
});

it('a run with too few results is a failure and not a success without a result', async () => {
  const { add } = gather((items: readonly number[]) => items.slice(1), 10);
  const results = await Promise.allSettled([add(1), add(2)]);
  expect(results.map(({ status }) => status)).toEqual(['fulfilled', 'rejected']);
});
