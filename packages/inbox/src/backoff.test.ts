import { expect, it } from 'vitest';
import { delayAfter, delayAfterLoss } from './backoff.ts';

const settings = (backoff: (attempt: number) => number, errors: unknown[] = []) => ({
  backoff,
  onError: (error: unknown) => errors.push(error),
});

const always = (ms: number) => settings(() => ms);

it('adds a fifth more or less at random', () => {
  const delays = Array.from({ length: 1_000 }, () =>
    delayAfter(
      1,
      settings(() => 1_000),
    ),
  );
  expect(Math.min(...delays)).toBeGreaterThanOrEqual(800);
  expect(Math.max(...delays)).toBeLessThanOrEqual(1_200);
  expect(Math.max(...delays) - Math.min(...delays)).toBeGreaterThan(300);
});

it.each([Number.NaN, -1, Number.POSITIVE_INFINITY, undefined])(
  'takes a minute where backoff returns %s, and says so',
  (wrong) => {
    const errors: unknown[] = [];
    expect(
      delayAfter(
        1,
        settings(() => wrong as number, errors),
      ),
    ).toBe(60_000);
    expect(String(errors[0])).toContain('backoff(1) must return milliseconds');
  },
);

it('takes a minute where backoff throws', () => {
  const errors: unknown[] = [];
  const thrown = new Error('boom');
  const fail = () => {
    throw thrown;
  };
  expect(delayAfter(1, settings(fail, errors))).toBe(60_000);
  expect(errors).toEqual([thrown]);
});

it('is never longer than a year, which every store can write as a date', () => {
  expect(
    delayAfter(
      1,
      settings(() => 1e300),
    ),
  ).toBe(365 * 24 * 60 * 60 * 1_000);
});

it('a worker that died once is no reason to wait; from the second time on the deliveries are spread', () => {
  expect(delayAfterLoss(1, always(1_000))).toBe(0);
  const delays = Array.from({ length: 1_000 }, () => delayAfterLoss(2, always(1_000)));
  expect(Math.min(...delays)).toBeLessThan(200);
  expect(Math.max(...delays)).toBeGreaterThan(800);
});
