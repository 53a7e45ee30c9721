/** A queue in one process, as it is measured: ours, or the bare engine below or beside it. */
export interface Subject {
  /** Stores events that wait, many at once. */
  readonly fill: (count: number) => Promise<unknown>;
  /** Stores one event for the receiver that is quiet. */
  readonly send: () => Promise<unknown>;
  /** Begins to work on what is stored for both receivers, and returns what ends that. */
  readonly work: (work: Work) => Promise<() => Promise<unknown>>;
}

/** How to work, and who is told. */
interface Work {
  /** Handlers that may run at once. */
  readonly concurrency: number;
  /** Milliseconds that a handler takes; 0 where it returns at once. */
  readonly handlerMs: number;
  /** An event got to its handler. */
  readonly begun: () => void;
  /** It is recorded of an event that it was handled. */
  readonly handled: () => void;
  /** An event of the quiet receiver got to its handler: when it was handed to the store. */
  readonly heard: (sentAt: number) => void;
}

/** Milliseconds of a clock that all processes of a machine share. */
export function clock(): number {
  return Number(process.hrtime.bigint()) / 1_000_000;
}
