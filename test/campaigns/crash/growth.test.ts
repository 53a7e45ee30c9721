import { expect, it } from 'vitest';
import { growthIn, type Held } from './growth.ts';

const mebibyte = 1024 * 1024;

/** Sixty samples by their number. */
const samples = (held: (index: number) => Partial<Held>): readonly Held[] =>
  Array.from({ length: 60 }, (_, index) => ({ heapBytes: 30 * mebibyte, resources: {}, ...held(index) }));

it('what stays as it is, goes up and down, or is made at the start, is no growth', () => {
  expect(
    growthIn(
      samples((index) => ({
        heapBytes: (30 + (index % 7)) * mebibyte,
        resources: { TCPSocketWrap: 10 + (index % 3), Timeout: index < 3 ? 0 : 12 },
      })),
    ),
  ).toEqual([]);
});

it('a heap that grows by a fifth from the first third to the last is said', () => {
  expect(growthIn(samples((index) => ({ heapBytes: (30 + index / 5) * mebibyte })))).toEqual([
    'the heap grew from 33.0 to 40.2 MiB',
  ]);
});

it('sockets and timers that become more are said, each by its kind', () => {
  const growing = samples((index) => ({ resources: { TCPSocketWrap: 10, ...(index > 9 && { Timeout: index }) } }));
  expect(growthIn(growing)).toEqual(['Timeout grew from 15 to 51']);
});

it('too few samples say nothing, and that is said', () => {
  expect(growthIn(samples(() => ({})).slice(0, 3))).toEqual(['there are too few samples to see growth']);
});
