import { setTimeout as sleep } from 'node:timers/promises';
import type { SendAllOptions } from './options.ts';

/** The same items in the order in which they are to be sent. */
export function inOrder<T>(items: readonly T[], { order = 'given', seed = 1 }: SendAllOptions): readonly T[] {
  if (order === 'reversed') return items.toReversed();
  return order === 'shuffled' ? shuffled(items, seed) : items;
}

/** Fisher and Yates's shuffle, with a linear congruential generator: the same seed makes the same order everywhere. */
function shuffled<T>(items: readonly T[], seed: number): readonly T[] {
  const result: T[] = [];
  let state = seed >>> 0;
  for (const item of items) {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    // The high bits are the random ones.
    const place = Math.floor((state / 2 ** 32) * (result.length + 1));
    const moved = result[place];
    if (moved !== undefined && place < result.length) result.push(moved);
    result[place] = item;
  }
  return result;
}

/** The same items, at most so many in a second; at once where nothing is said, or when the signal comes. */
export async function* paced<T>(
  items: readonly T[],
  perSecond: number | undefined,
  signal: AbortSignal,
): AsyncGenerator<T, void, void> {
  const began = performance.now();
  for (const [index, item] of items.entries()) {
    const wait = perSecond === undefined ? 0 : began + (index * 1_000) / perSecond - performance.now();
    if (wait > 0) await sleep(wait, undefined, { signal }).catch(() => undefined);
    yield item;
  }
}
