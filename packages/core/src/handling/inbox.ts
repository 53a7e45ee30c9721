import type { DeliveryHeaders } from '../bytes/headers.ts';
import { WebhookError } from '../error.ts';
import type { Provider } from '../provider.ts';
import type { Awaitable } from '../timing/awaitable.ts';
import type { Progress, Way } from './progress.ts';

/**
 * Where a stored delivery stands: waiting for its first or next attempt, being worked on, handled, or dead, which is
 * kept until it is replayed or discarded.
 */
export type DeliveryState = 'waiting' | 'working' | 'handled' | 'dead';

/** What is known of a stored delivery without its headers and bytes. */
export interface DeliverySummary {
  /** The inbox's own id of it. */
  readonly id: string;
  /** Name of the receiver that it is for. */
  readonly name: string;
  /**
   * Whose event it is: what the secret function said, or, where it returned secrets alone, a fingerprint of the one that
   * fits, which begins with "="; undefined where there is but one owner.
   */
  readonly owner: string | undefined;
  /** What makes two deliveries the same event, different for each owner; an own one where nothing tells. */
  readonly key: string;
  /** The event's type; undefined where the body could not be read as an event. */
  readonly type: string | undefined;
  /** Events of one lane, which is one owner's, are handled in the order of arrival; undefined where order does not matter. */
  readonly lane: string | undefined;
  readonly state: DeliveryState;
  /** How many attempts were begun since it was stored or replayed. */
  readonly attempts: number;
  readonly receivedAt: Date;
  /** When it is due; undefined unless it waits. One that its lane holds back is due when the lane lets it go. */
  readonly dueAt: Date | undefined;
  /** When it was handled or died. */
  readonly finishedAt: Date | undefined;
  /** Why the last attempt failed. */
  readonly error: DeliveryError | undefined;
}

/** Why an attempt failed: what your own handler threw, or what Hookproof found. */
export interface DeliveryError {
  /** A code of {@link WebhookError}: `handler_failed`, `handler_timeout`, `invalid_event`, `no_handler`, `worker_lost` … */
  readonly code: string;
  /** At most 1,000 characters. */
  readonly message: string;
}

/** A delivery as it was received. */
export interface StoredDelivery extends DeliverySummary {
  readonly headers: DeliveryHeaders;
  /** The raw bytes that were verified. */
  readonly body: Uint8Array;
}

/** Which deliveries are meant; every condition that is given must hold. */
export interface DeliveryFilter {
  readonly name?: string | undefined;
  readonly owner?: string | undefined;
  readonly state?: DeliveryState | undefined;
  readonly type?: string | undefined;
  /** Code of the last attempt's error. */
  readonly error?: string | undefined;
  /** Received at this time or later. */
  readonly receivedFrom?: Date | undefined;
  /** Received before this time. */
  readonly receivedBefore?: Date | undefined;
}

/**
 * The same, of deliveries that something is done to. A condition that is undefined is refused there, because it would mean
 * all: leave it out.
 */
export type DeliverySelection = {
  readonly [Condition in keyof DeliveryFilter]: Exclude<DeliveryFilter[Condition], undefined>;
};

/** How many deliveries are in each state. */
export type DeliveryCounts = Readonly<Record<DeliveryState, number>>;

/** A proven delivery, on its way into the inbox. */
export interface NewDelivery {
  /** Name of the receiver. */
  readonly name: string;
  /** Whose event it is, or what stands for an owner without a name. It is stored, and given to each attempt. */
  readonly owner: string | undefined;
  /** What makes two deliveries the same event; undefined where nothing tells: then it gets a fresh one. */
  readonly key: string | undefined;
  readonly type: string | undefined;
  readonly lane: string | undefined;
  readonly headers: DeliveryHeaders;
  readonly body: Uint8Array;
}

/** What `accept` says once the delivery is durable. */
export interface Accepted {
  /** The inbox's id of the delivery, also where it was there before. */
  readonly id: string;
  /** Whether it was stored now; false for a delivery of an event that is there already. */
  readonly isNew: boolean;
}

/**
 * What `complete` of a handler's context is: a function of the transaction in which the handler writes, as each engine
 * has its own. One that takes `never` cannot be called: there is no database to share.
 */
export type Complete = (transaction: never) => Awaitable<void>;

/** One attempt at a stored delivery, as the inbox hands it to the receiver. `C` is what its `complete` is. */
export interface Attempt<C extends Complete = Complete> {
  /** The inbox's id of the delivery. */
  readonly id: string;
  /** As it was stored. */
  readonly owner: string | undefined;
  readonly headers: DeliveryHeaders;
  readonly body: Uint8Array;
  /** Which attempt it is, from 1. */
  readonly attempt: number;
  readonly receivedAt: Date;
  /** Milliseconds that all handlers have together. */
  readonly timeoutMs: number;
  /** Why the handlers must not run: earlier attempts took the worker with them, and none is left. */
  readonly failure: WebhookError | undefined;
  /** Aborts when the inbox closes and waits no longer, or another worker has taken the delivery. */
  readonly signal: AbortSignal;
  /** Records the event as handled in a transaction of the handler's; throws where the engine has none. */
  readonly complete: C;
  /** Records how the attempt ended, durably, and says what became of the delivery. It never throws. */
  readonly settle: (error: WebhookError | undefined) => Promise<Settled>;
}

/** What became of a stored delivery after one attempt at it; `retried` means that it will be tried again. */
export type WorkOutcome = 'handled' | 'retried' | 'dead';

/** What became of a delivery after an attempt. */
export interface Settled {
  readonly outcome: WorkOutcome;
  /** Why, where the attempt did not simply succeed. */
  readonly error: WebhookError | undefined;
}

/** What a receiver registers with its inbox. `C` is what `complete` of its handlers' context is. */
export interface InboxReceiver<C extends Complete = Complete> {
  readonly name: string;
  /** Parses a stored delivery anew, runs its handlers, settles the attempt and reports. It never throws. */
  readonly work: (attempt: Attempt<C>) => Promise<WorkOutcome>;
}

/** How an attempt ended, and what is known of its delivery. */
export interface TakenAttempt<Request> extends Settled {
  readonly attempt: number;
  readonly progress: Progress<Request>;
}

/** A receiver as far as its inbox goes. `Request` is what its handlers get as `request`. */
export interface ReceiverSide<Request> {
  readonly provider: Provider;
  /** What the inbox knows the receiver by. */
  readonly name: string;
  /** The `on` option. */
  readonly on: unknown;
  /** The `lane` option. */
  readonly lane: unknown;
  /** The option of this name. */
  readonly maxEventAgeSeconds: number | undefined;
  /** Milliseconds that the inbox has to store a delivery. */
  readonly timeoutMs: number;
  /** Takes an attempt, and tells what became of it. */
  readonly observe: (take: () => Promise<TakenAttempt<Request>>) => Promise<WorkOutcome>;
}

/** How a receiver stores what it proved, and works on what is stored: `inboxWay` of `@hookproof/core/inbox`. */
export interface InboxWay {
  /** Checks the options that only a receiver with an inbox has; throws `invalid_options`. */
  readonly check: (
    inbox: Inbox,
    options: { readonly [Name in 'lane' | 'dedupe']?: unknown },
    provider: Provider,
  ) => void;
  /** Registers a receiver, and gives the rest of the way of what it proves. */
  readonly connect: <Request>(inbox: Inbox, receiver: ReceiverSide<Request>) => Way<unknown>;
}

/**
 * The durable store between the reply and the handlers. `@hookproof/inbox` makes them: `sqliteInbox`, `postgresInbox`,
 * `redisInbox`, and `memoryInbox` for tests. `C` is what `complete` of a handler's context is with it; `Inbox` alone is
 * any inbox, of which that is not known.
 */
export interface Inbox<C extends Complete = Complete> {
  /** Whether it can keep the order of a lane. */
  readonly lanes: boolean;
  /** Always `inboxWay` of `@hookproof/core/inbox`. It comes with the inbox, so that an app without one does not carry it. */
  readonly way: InboxWay;
  /** Called by a receiver that is made with this inbox: from then on this process works on its deliveries. */
  readonly register: (receiver: InboxReceiver<C>) => void;
  /** Stores a delivery; resolves only when it would survive a crash. */
  accept(delivery: NewDelivery): Promise<Accepted>;
  /** Deliveries without their bytes, in the order of arrival. */
  list(filter?: DeliveryFilter): AsyncIterable<DeliverySummary>;
  /** One delivery with its headers and bytes; undefined where there is none. */
  get(id: string): Promise<StoredDelivery | undefined>;
  /**
   * Which of some keys of a receiver are of events that it knows: whose delivery is there, or was pruned and is still
   * remembered. A delivery with any other key would be new.
   */
  known(name: string, keys: readonly string[]): Promise<ReadonlySet<string>>;
  /** How many deliveries are in each state, of one receiver or of all. */
  counts(name?: string): Promise<DeliveryCounts>;
  /**
   * Has deliveries handled again, with their attempts counted from 1: one by its id, or all that a filter names, which
   * means dead ones unless it names another state. One that is being worked on is left alone.
   *
   * @returns how many
   */
  replay(which: string | DeliverySelection): Promise<number>;
  /**
   * Deletes deliveries for good: one by its id, or all that a filter names, which means dead ones unless it names
   * another state. One that is being worked on is left alone.
   *
   * @returns how many
   */
  discard(which: string | DeliverySelection): Promise<number>;
  /**
   * Deletes what was handled long ago; the inbox does so by itself while it works. The key of each is kept for
   * `retainKeysMs` from when it was handled: until then its event is known as a duplicate.
   *
   * @param options.handledBefore what was handled before this time; by default `retainHandledMs` ago
   * @returns how many
   */
  prune(options?: { readonly handledBefore?: Date }): Promise<number>;
  /**
   * Works until nothing is due or the time is over, for processes that do not stay up, such as a cron call. What still
   * runs then is aborted, as by {@link Inbox.close}.
   *
   * @param options.maxMs milliseconds; 10,000 by default
   * @returns how many attempts ended in each outcome
   */
  drain(options?: { readonly maxMs?: number | undefined }): Promise<Readonly<Record<WorkOutcome, number>>>;
  /**
   * Takes nothing more, waits for what is being worked on, and lets go of the store.
   *
   * @param options.maxMs milliseconds until what still runs is aborted; 20,000 by default. What obeys its signal ends then;
   *   what does not is waited for 5 seconds longer, and tried again
   */
  close(options?: { readonly maxMs?: number | undefined }): Promise<void>;
}

/** Whether an option is an inbox, or something else that was given by mistake. */
export function isInbox(value: unknown): value is Inbox {
  return typeof value === 'object' && value !== null && 'way' in value && 'accept' in value;
}

/** What `complete` of a handler's context does where no inbox can keep its promise. */
export function completeWithoutInbox(): never {
  throw new WebhookError(
    'invalid_options',
    'context.complete() needs an inbox that shares a database with the handler.',
    { fix: 'Give the receiver sqliteInbox or postgresInbox as its inbox option.' },
  );
}
