import type { DeliveryHeaders } from '../bytes/headers.ts';
import type { Delivery } from '../event/delivery.ts';
import { LazySignal } from '../timing/lazy-signal.ts';
import type { HandlerContext } from './handlers.ts';
import type { Complete } from './inbox.ts';
import type { Progress } from './progress.ts';

/** What a context is made of. */
interface ContextParts<Request> {
  readonly progress: Progress<Request>;
  readonly attempt: number | undefined;
  readonly receivedAt: Date;
  readonly complete: Complete;
}

/**
 * A delivery for handlers. Its headers and bytes are copied when somebody first looks at them: what arrived may be a view
 * of memory that others share, and what is given away may be changed.
 */
class ArrivedDelivery implements Delivery {
  readonly id: string | undefined;
  readonly #progress: Progress<unknown>;
  #body: Uint8Array | undefined;

  constructor(progress: Progress<unknown>) {
    this.id = progress.deliveryId;
    this.#progress = progress;
  }

  get headers(): DeliveryHeaders {
    return this.#progress.headers.all;
  }

  get body(): Uint8Array {
    this.#body ??= new Uint8Array(this.#progress.body);
    return this.#body;
  }
}

/** What aborts the signal. A symbol, and not a private field, so that it is found through a proxy too. */
const timeout = Symbol('timeout');

/** What handlers get as their second argument. */
export class EventContext<Request> implements HandlerContext<Request> {
  readonly delivery: Delivery;
  readonly owner: string | undefined;
  readonly key: string | undefined;
  readonly request: Request;
  readonly attempt: number | undefined;
  readonly receivedAt: Date;
  readonly complete: Complete;
  declare readonly signal: AbortSignal;
  // Only declared: to define a field by a symbol costs more than the rest of the context.
  declare [timeout]?: LazySignal;

  constructor({ progress, attempt, receivedAt, complete }: ContextParts<Request>) {
    this.delivery = new ArrivedDelivery(progress);
    this.owner = progress.owner;
    this.key = progress.key;
    this.request = progress.request;
    this.attempt = attempt;
    this.receivedAt = receivedAt;
    this.complete = complete;
    Object.defineProperty(this, 'signal', lazySignal);
  }
}

/** A property of each context, so that a copy by spreading has it too, made when somebody looks at it: few do. */
const lazySignal: PropertyDescriptor & ThisType<EventContext<unknown>> = {
  enumerable: true,
  configurable: true,
  get() {
    return timeoutOf(this).signal;
  },
};

/** What aborts a context's signal. */
export function timeoutOf(context: EventContext<unknown>): LazySignal {
  context[timeout] ??= new LazySignal();
  return context[timeout];
}
