import { afterEach, expect, it, vi } from 'vitest';
import { inTurn } from './in-turn.ts';

afterEach(() => void vi.useRealTimers());

it('runs one search at a time, and lets all else have its turn in between', async () => {
  const steps: string[] = [];
  const search = (name: string) => async () => {
    steps.push(`${name} begins`);
    setTimeout(() => steps.push('something else'), 0);
    await Promise.resolve();
    steps.push(`${name} ends`);
  };
  await Promise.all(['a', 'b', 'c'].map((name) => inTurn(search(name))));
  expect(steps.filter((step) => step !== 'something else')).toEqual(
    ['a', 'b', 'c'].flatMap((name) => [`${name} begins`, `${name} ends`]),
  );
  expect(steps.slice(2, 4)).toEqual(['something else', 'b begins']);
});

it('passes on what a search found, and what it threw', async () => {
  const boom = new Error('boom');
  expect(await inTurn(async () => 'found')).toBe('found');
  await expect(inTurn(() => Promise.reject(boom))).rejects.toBe(boom);
  expect(await inTurn(async () => 'found')).toBe('found');
});

it('waits for a search that never ends no longer than a second', async () => {
  vi.useFakeTimers({ toFake: ['performance'] });
  await new Promise<void>((begun) => {
    void inTurn(() => {
      begun();
      return new Promise<never>(() => {});
    });
  });
  const next = vi.fn(async () => {});
  const done = inTurn(next);
  vi.advanceTimersByTime(999);
  await new Promise((resolve) => setTimeout(resolve, 20));
  expect(next).not.toHaveBeenCalled();
  vi.advanceTimersByTime(1);
  await done;
});
