import { expect, it } from 'vitest';
import { retryAfterMs } from './retry-after.ts';

const now = Date.parse('Fri, 20 Nov 2026 23:09:31 GMT');

it.each([
  ['0', 0],
  ['7', 7_000],
  [' 120 ', 120_000],
  ['9'.repeat(400), Number.MAX_SAFE_INTEGER],
  ['Fri, 20 Nov 2026 23:10:01 GMT', 30_000],
  ['Fri, 20 Nov 2026 23:00:00 GMT', 0],
  [null, undefined],
  ['', undefined],
  ['soon', undefined],
  ['-1', undefined],
  ['+1', undefined],
  ['1.5', undefined],
  ['1e3', undefined],
  ['0x10', undefined],
  ['2026-11-20', undefined],
  ['Fri, 99 Nov 2026 23:10:01 GMT', undefined],
  ['٧', undefined],
])('retry-after %j is %j ms', (header, ms) => {
  expect(retryAfterMs(header, now)).toBe(ms);
});
