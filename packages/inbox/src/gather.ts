import { setImmediate as nextTurn } from 'node:timers/promises';
import type { Awaitable } from '@hookproof/core';

/**
 * Gathers calls that come together into one call for a list, so that they share one commit. While a list is under way
 * the next one gathers.
 *
 * @param run does the work for a list and returns a result for each item, in order
 * @param most items of a list
 */
export function gather<Item, Result>(
  run: (items: readonly Item[]) => Awaitable<readonly Result[]>,
  most: number,
): { readonly add: (item: Item) => Promise<Result>; readonly idle: () => Promise<void> } {
  const waiting: Call<Item, Result>[] = [];
  let running: Promise<void> | undefined;

  async function runAll(): Promise<void> {
    // All that arrives in this turn of the event loop belongs together.
    await nextTurn();
    while (waiting.length > 0) {
      const calls = waiting.splice(0, most);
      try {
        const results = await run(calls.map(({ item }) => item));
        for (const [index, call] of calls.entries()) call.resolve(results[index]);
      } catch (error) {
        for (const call of calls) call.reject(error);
      }
    }
    running = undefined;
  }

  return {
    add(item) {
      return new Promise<Result>((resolve, reject) => {
        waiting.push({
          item,
          reject,
          resolve: (result) =>
            result === undefined ? reject(new TypeError('a list came back with too few results')) : resolve(result),
        });
        running ??= runAll();
      });
    },
    async idle() {
      while (running !== undefined) await running;
    },
  };
}

interface Call<Item, Result> {
  readonly item: Item;
  readonly resolve: (result: Result | undefined) => void;
  readonly reject: (error: unknown) => void;
}
