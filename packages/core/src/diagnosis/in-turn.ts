// A search that takes longer than this, in milliseconds, or whose request has ended under it, holds up no other.
const longestTurn = 1_000;
const pause = 5;

let takenUntil = 0;

/**
 * Runs one search at a time in the whole process, and lets all else have its turn in between: many that are asked for at
 * once would otherwise keep it waiting. Nobody waits for another's promise, because on Workers that may never be settled.
 */
export async function inTurn<T>(search: () => Promise<T>): Promise<T> {
  await new Promise((resolve) => setTimeout(resolve, 0));
  while (performance.now() < takenUntil) await new Promise((resolve) => setTimeout(resolve, pause));
  takenUntil = performance.now() + longestTurn;
  try {
    return await search();
  } finally {
    // Not at once: those who wait may be due in this very turn of the event loop.
    setTimeout(() => {
      takenUntil = 0;
    }, 0);
  }
}
