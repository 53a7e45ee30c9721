/** What must be over at a time of the monotonic clock, between those that began just before and after it. */
export class Deadline {
  readonly at: number;
  readonly owner: Waiting;
  #before: Deadline = this;
  #after: Deadline = this;

  constructor(at: number, owner: Waiting) {
    this.at = at;
    this.owner = owner;
  }

  /** The one that began next. */
  get after(): Deadline {
    return this.#after;
  }

  /** Stands last of those that begin with `first` from now on. */
  join(first: Deadline): void {
    this.#before = first.#before;
    this.#after = first;
    first.#before.#after = this;
    first.#before = this;
  }

  /** It is over in time. Stands alone from now on, so that to end it again changes nothing. */
  end(): void {
    this.#before.#after = this.#after;
    this.#after.#before = this.#before;
    this.#before = this;
    this.#after = this;
  }
}

/** Who wants something to be over in time. */
export interface Waiting {
  /** Told when the time is over. */
  missed(): void;
}

/**
 * Begins deadlines of `ms` milliseconds with one timer for all, because to start and stop a timer for each delivery costs more
 * than to prove it. They end in the order in which they began, so that only the first of them is looked at. The timer does not
 * keep the process alive: what is waited for here has a connection that does. It is for Node alone; on Workers nothing of
 * one request may wait for another's timer.
 */
export function deadlines(ms: number): (owner: Waiting) => Deadline {
  // A ring, because a Set makes a new table every few deliveries. It begins after this one.
  const ring = new Deadline(0, { missed: () => undefined });
  let isLooking = false;
  const look = () => {
    isLooking = false;
    while (ring.after !== ring) {
      const { after } = ring;
      const left = after.at - performance.now();
      if (left > 0) return lookIn(left);
      after.end();
      after.owner.missed();
    }
  };
  const lookIn = (time: number) => {
    isLooking = true;
    const timer: unknown = setTimeout(look, Math.ceil(time));
    if (typeof timer === 'object' && timer !== null && 'unref' in timer && typeof timer.unref === 'function')
      timer.unref();
  };
  return (owner) => {
    const deadline = new Deadline(performance.now() + ms, owner);
    deadline.join(ring);
    if (!isLooking) lookIn(ms);
    return deadline;
  };
}
