/** What is measured against each other on a store. */
export interface Contender {
  readonly callers: number;
  /** Opens a fresh store, or one that is there, before the clock runs. */
  readonly open: () => Promise<Opened>;
}

export interface Opened {
  /** Does with one delivery what is measured. */
  readonly call: () => Promise<unknown>;
  readonly close: () => unknown;
}

export type Contenders = Readonly<Record<string, Contender>>;

/** How a queue's own library stores a job, by its store. */
export const libraries = { postgres: 'pg-boss insert', redis: 'BullMQ add' } as const;
