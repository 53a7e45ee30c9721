/** Something that must be over at a time of the monotonic clock. */
interface Deadline {
  readonly at: number;
  readonly missed: () => void;
}

/** Deadlines that all lie equally far ahead. */
export interface Deadlines {
  /** Calls `missed` unless {@link Deadlines.end} is called in time. */
  readonly begin: (missed: () => void) => Deadline;
  readonly end: (deadline: Deadline) => void;
}

/**
 * One timer for many deadlines of `ms` milliseconds, because to start and stop a timer for each delivery costs more than
 * to prove it. They end in the order in which they began, so that only the first of them is looked at. The timer does not
 * keep the process alive: what is waited for here has a connection that does. It is for Node alone; on Workers nothing of
 * one request may wait for another's timer.
 */
export function deadlines(ms: number): Deadlines {
  const waiting = new Set<Deadline>();
  let isLooking = false;
  const look = () => {
    isLooking = false;
    for (const deadline of waiting) {
      const left = deadline.at - performance.now();
      if (left > 0) return lookIn(left);
      waiting.delete(deadline);
      deadline.missed();
    }
  };
  const lookIn = (time: number) => {
    isLooking = true;
    const timer: unknown = setTimeout(look, Math.ceil(time));
    if (typeof timer === 'object' && timer !== null && 'unref' in timer && typeof timer.unref === 'function')
      timer.unref();
  };
  return {
    begin(missed) {
      const deadline = { at: performance.now() + ms, missed };
      waiting.add(deadline);
      if (!isLooking) lookIn(ms);
      return deadline;
    },
    end: (deadline) => void waiting.delete(deadline),
  };
}
