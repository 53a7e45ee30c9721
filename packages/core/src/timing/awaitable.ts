/** A value, or a promise of it. */
export type Awaitable<T> = T | PromiseLike<T>;

/** Whether it is a promise, of whatever library. */
export function isThenable<T>(value: T | PromiseLike<T>): value is PromiseLike<T> {
  return typeof value === 'object' && value !== null && 'then' in value && typeof value.then === 'function';
}

/**
 * Goes on with a value: at once where it is there, later where it is a promise. Nearly every delivery never waits, and
 * each promise that is not made spares a turn of the queue and its garbage; `next` gets what it works on, so that no
 * closure is made either.
 */
export function goOn<State, T, R>(
  state: State,
  value: Awaitable<T>,
  next: (state: State, value: T) => Awaitable<R>,
): Awaitable<R> {
  return isThenable(value) ? value.then((reached) => next(state, reached)) : next(state, value);
}
