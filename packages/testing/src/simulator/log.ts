import type { Faults } from './faults.ts';

/**
 * Where a delivery stands: waiting for an attempt or in one, delivered, given up after the last attempt or
 * crash of the sender, or ended by an `AbortSignal` or by `close`.
 */
export type SimulatedState = 'pending' | 'delivered' | 'failed' | 'aborted';

/**
 * Why an attempt got no reply that counts. `timeout` is the provider's own limit for the whole exchange, `sender_crashed`
 * a reply that the real sender breaks on, `body_cut` the fault `cutBody`, and `aborted` an `AbortSignal` or `close`.
 */
export type AttemptError =
  | 'timeout'
  | 'connection_refused'
  | 'connection_reset'
  | 'connection_failed'
  | 'host_not_found'
  | 'certificate_refused'
  | 'invalid_reply'
  | 'sender_crashed'
  | 'body_cut'
  | 'aborted';

/** One delivery of an event with all its attempts, as a provider's dashboard shows it. It grows while it is pending. */
export interface SimulatedDelivery {
  /** What the provider calls it (`X-Grantiva-Delivery`, `webhook-id`); an id of the log's own where it sends none. */
  readonly id: string;
  /** The event's type; undefined where a body of the caller's names none. */
  readonly type: string | undefined;
  readonly url: string;
  readonly state: SimulatedState;
  /** How many times it was tried again. */
  readonly retries: number;
  /** Each of several `copies` has an entry, with the number of its attempt. */
  readonly attempts: readonly SimulatedAttempt[];
}

/** One HTTP request and what came back. */
export interface SimulatedAttempt {
  /** Counted from 1. One that crashed the sender does not count: the next has its number. */
  readonly number: number;
  /** When it began. */
  readonly at: Date;
  /** Undefined where no reply came. */
  readonly status: number | undefined;
  /** The beginning of the reply's body, up to 2,000 characters; "" where none came. */
  readonly body: string;
  /** Milliseconds from the request to the end of the reply. */
  readonly durationMs: number;
  readonly error: AttemptError | undefined;
  /** Whether the provider takes it as delivered. */
  readonly isDelivered: boolean;
  /** The faults that were put on this attempt. */
  readonly faults: Faults | undefined;
  /** Milliseconds that the real provider would wait before its next attempt; undefined where there is none. */
  readonly nextDelayMs: number | undefined;
  /** The headers as they were sent, in their order and case. */
  readonly sentHeaders: readonly (readonly [name: string, value: string])[];
}

/** A delivery as the sender writes it. */
export type DeliveryEntry = { -readonly [K in Exclude<keyof SimulatedDelivery, 'attempts'>]: SimulatedDelivery[K] } & {
  readonly attempts: SimulatedAttempt[];
};
