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
  // The same moment as RFC 850 and asctime() wrote it, which recipients must accept (RFC 9110, 5.6.7).
  ['Friday, 20-Nov-26 23:10:01 GMT', 30_000],
  ['Fri Nov 20 23:10:01 2026', 30_000],
  ['Tue Dec  1 23:09:31 2026', 11 * 86_400_000],
  ['Sunday, 06-Nov-94 08:49:37 GMT', 0],
  // More than 50 years ahead means the century before.
  ['Friday, 20-Nov-76 23:09:31 GMT', (50 * 365 + 13) * 86_400_000],
  ['Sunday, 20-Nov-77 23:10:01 GMT', 0],
  ['Wed, 31 Dec 9999 23:59:59 GMT', 251_607_084_628_000],
  ['Sun, 01 Jan 0001 00:00:00 GMT', 0],
  ['Fri, 20 Nov 2026 23:09:60 GMT', 29_000],
  ['Sun, 29 Feb 2032 00:00:00 GMT', 166_409_429_000],
  ['Mon, 29 Feb 2027 00:00:00 GMT', undefined],
  ['Friday, 31-Nov-26 23:10:01 GMT', undefined],
  ['Fri Nov  0 23:10:01 2026', undefined],
  ['Fri Nov 20 24:10:01 2026', undefined],
  ['Fri, 20 Nov 2026 23:60:01 GMT', undefined],
  ['Fri, 20 Nov 2026 23:10:61 GMT', undefined],
  ['Fri, 20 Foo 2026 23:10:01 GMT', undefined],
  ['Fri, 20 Nov 2026 23:10:01 +0000', undefined],
  ['Fri, 20 Nov 2026 23:10:01', undefined],
  ['Fri Nov 20 23:10:01 2026 GMT', undefined],
  ['Freitag, 20-Nov-26 23:10:01 GMT', undefined],
  ['fri, 20 nov 2026 23:10:01 gmt', undefined],
  [' '.repeat(100_000), undefined],
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
