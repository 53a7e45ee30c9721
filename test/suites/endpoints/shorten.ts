import { vi } from 'vitest';

/**
 * Makes pauses of these lengths end at once, and returns those that were made. Other timers, such as fetch's,
 * are left; `vi.restoreAllMocks` ends it.
 */
export function shorten(...lengths: readonly number[]): number[] {
  const found: number[] = [];
  const real = globalThis.setTimeout;
  const shortened = (run: () => void, ms = 0) => {
    if (!lengths.includes(ms)) return real(run, ms);
    found.push(ms);
    return real(run, 0);
  };
  vi.spyOn(globalThis, 'setTimeout').mockImplementation(Object.assign(shortened, real));
  return found;
}
