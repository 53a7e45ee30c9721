/** Two ways to do the same. Each call takes one delivery. */
export interface Pair {
  /** What ours is compared with. */
  readonly base: () => unknown;
  readonly ours: () => unknown;
  /** Of genuine deliveries each call hands one event to a handler, of forged ones none. */
  readonly genuine: boolean;
}

export type Side = 'base' | 'ours';
