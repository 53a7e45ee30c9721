import type {
  Awaitable,
  DeliveryCounts,
  DeliveryFilter,
  DeliveryState,
  DeliverySummary,
  StoredDelivery,
} from '@hookproof/core';
import type { Accepted, DeliveryError, NewDelivery } from '@hookproof/core/inbox';

/** A delivery on its way into the store, with a key in any case. */
export interface Fresh extends NewDelivery {
  readonly key: string;
  readonly receivedAt: number;
}

/** A delivery that this process works on. */
export interface Lease {
  readonly id: string;
  readonly name: string;
  /** Which of all leases of this delivery it is: an older one can no longer settle it. */
  readonly token: string;
  /** Which attempt it is, from 1. Attempts whose worker died count. */
  readonly attempt: number;
  /** Whether the attempt before it ended with its worker. */
  readonly afterLoss: boolean;
  readonly receivedAt: Date;
  readonly owner: string | undefined;
  readonly headers: StoredDelivery['headers'];
  readonly body: Uint8Array;
}

/** How many deliveries of one receiver may be leased now. */
export interface Turn {
  readonly name: string;
  readonly most: number;
}

/** How an attempt ended, for the store. */
export type Ending =
  | { readonly outcome: 'handled' }
  | { readonly outcome: 'retried'; readonly error: DeliveryError; readonly delayMs: number }
  | { readonly outcome: 'dead'; readonly error: DeliveryError };

/** A part of a list, and where to go on. */
export interface Page {
  readonly deliveries: readonly DeliverySummary[];
  /** Where the next page begins; undefined after the last. */
  readonly next: string | undefined;
}

/**
 * A store and its queue: what an inbox needs of SQLite, Postgres, Redis or memory. All that users see is made of it in
 * `inbox.ts` and `worker.ts`, once for all engines. Every method may throw, which means that nothing is known to have
 * been done. `Lanes` is whether it keeps the order of a lane, `Completed` what its `complete` returns: nothing, a promise,
 * or never, where it only throws.
 */
export interface Engine<Lanes extends boolean = boolean, Completed extends Awaitable<void> = Awaitable<void>> {
  /** Whether it keeps the order of a lane. */
  readonly lanes: Lanes;
  /**
   * Makes the store ready. It is called before everything else, and again after it failed.
   *
   * @param due to be called, as often as one likes, when the store tells by itself that something is due
   */
  open(due: () => void): Awaitable<void>;
  /**
   * Stores deliveries durably, all or none, and says of each whether it is new: not where its name and key are there
   * already, or were when it was pruned, or came before it in the same list.
   */
  store(deliveries: readonly Fresh[]): Awaitable<readonly Accepted[]>;
  /**
   * Leases deliveries that are due, and counts an attempt: of each receiver up to its `most`, the longest due first, in
   * the order of the turns, and `limit` in all. Of a lane it leases none while another holds the lane.
   */
  take(turns: readonly Turn[], limit: number): Awaitable<readonly Lease[]>;
  /** Gives leases back whose attempt has not begun: the deliveries are due as before, and the attempt does not count. */
  release(leases: readonly Lease[]): Awaitable<void>;
  /** Prolongs leases, and returns those that are lost. */
  keep(leases: readonly Lease[]): Awaitable<readonly Lease[]>;
  /** Records how attempts ended, durably, and says of each whether the lease still held. */
  settle(endings: readonly (readonly [Lease, Ending])[]): Awaitable<readonly boolean[]>;
  /**
   * Records in the user's transaction that a delivery was handled, and then calls `recorded`; throws `lease_lost` where
   * the lease no longer holds.
   */
  complete(lease: Lease, transaction: object, recorded: () => void): Completed;
  /**
   * What has to be done now and then: gives up leases of workers that are silent, lets lanes go whose time is over.
   *
   * @param patient whether silence has to be seen by this process: false in a process that does not stay
   */
  recover(patient: boolean): Awaitable<void>;
  /** Deliveries in the order of arrival, up to `limit`. */
  page(filter: DeliveryFilter, from: string | undefined, limit: number): Awaitable<Page>;
  get(id: string): Awaitable<StoredDelivery | undefined>;
  /** Says of each of some keys of a receiver whether `store` would find its event known. */
  known(name: string, keys: readonly string[]): Awaitable<readonly boolean[]>;
  counts(name: string | undefined): Awaitable<DeliveryCounts>;
  /**
   * Has deliveries that nobody works on handled again from attempt 1, where they are still in `state` (undefined for
   * any); returns how many.
   */
  replay(ids: readonly string[], state: DeliveryState | undefined): Awaitable<number>;
  /** Deletes deliveries that nobody works on, where they are still in `state` (undefined for any); returns how many. */
  discard(ids: readonly string[], state: DeliveryState | undefined): Awaitable<number>;
  /**
   * Deletes up to `limit` deliveries that were handled before a time; returns how many. In the same step it notes name
   * and key of each, for `retainKeysMs` from when it was handled: until then `store` knows its event, by its old id.
   */
  prune(handledBefore: number, limit: number): Awaitable<number>;
  /** Deletes up to `limit` keys that `prune` noted and whose time is over; returns how many. */
  forget(limit: number): Awaitable<number>;
  close(): Awaitable<void>;
}
