import type { Delivery } from '../event/delivery.ts';
import type { Awaitable } from '../timing/awaitable.ts';
import { LazySignal } from '../timing/lazy-signal.ts';
import type { HandlerContext } from './handlers.ts';
import type { Progress } from './progress.ts';

/** What a context is made of. */
interface ContextParts<Request> {
  readonly progress: Progress<Request>;
  readonly attempt: number | undefined;
  readonly receivedAt: Date;
  readonly complete: (transaction: object) => Awaitable<void>;
}

/** What only a look at a context makes. A symbol, and not a private field, so that it is found through a proxy too. */
const unseen = Symbol('unseen');

class Unseen {
  readonly timeout = new LazySignal();
  readonly #progress: Progress<unknown>;
  #delivery: Delivery | undefined;

  constructor(progress: Progress<unknown>) {
    this.#progress = progress;
  }

  /** The bytes are copied: what arrived may be a view of memory that others share, and what is given away may change. */
  get delivery(): Delivery {
    const { headers, body, deliveryId } = this.#progress;
    this.#delivery ??= { headers: headers.all, body: Uint8Array.from(body), id: deliveryId };
    return this.#delivery;
  }
}

/**
 * What handlers get as their second argument. `delivery` and `signal` are made when somebody looks at them, because few
 * do and both cost; they are properties of its own, so that a copy by spreading has them too.
 */
export class EventContext<Request> implements HandlerContext<Request> {
  readonly key: string | undefined;
  readonly request: Request;
  readonly attempt: number | undefined;
  readonly receivedAt: Date;
  readonly complete: (transaction: object) => Awaitable<void>;
  declare readonly delivery: Delivery;
  declare readonly signal: AbortSignal;
  readonly [unseen]: Unseen;

  constructor({ progress, attempt, receivedAt, complete }: ContextParts<Request>) {
    this.key = progress.key;
    this.request = progress.request;
    this.attempt = attempt;
    this.receivedAt = receivedAt;
    this.complete = complete;
    this[unseen] = new Unseen(progress);
    Object.defineProperty(this, 'delivery', lazyDelivery);
    Object.defineProperty(this, 'signal', lazySignal);
  }
}

const own = { enumerable: true, configurable: true };

const lazyDelivery: PropertyDescriptor & ThisType<EventContext<unknown>> = {
  ...own,
  get() {
    return this[unseen].delivery;
  },
};

const lazySignal: PropertyDescriptor & ThisType<EventContext<unknown>> = {
  ...own,
  get() {
    return this[unseen].timeout.signal;
  },
};

/** What aborts a context's signal. */
export function timeoutOf(context: EventContext<unknown>): LazySignal {
  return context[unseen].timeout;
}
