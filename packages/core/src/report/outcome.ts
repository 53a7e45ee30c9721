import type { Diagnosis } from '../diagnosis/diagnosis.ts';
import type { WebhookError } from '../error.ts';
import type { WorkOutcome } from '../handling/inbox.ts';
import type { Outcome } from '../handling/progress.ts';

/** What became of one delivery, or of one attempt at a stored one, for logs and metrics. Nothing of it is in the reply. */
export interface OutcomeReport {
  /** `receive` for a delivery that was answered, `work` for an attempt of the inbox. */
  readonly stage: 'receive' | 'work';
  readonly outcome: Outcome | WorkOutcome;
  /** Status of the reply; undefined for an attempt of the inbox, for which nobody waits. */
  readonly status: number | undefined;
  /** Name of the provider. */
  readonly provider: string;
  /** Name of the adapter, or `fetch`. */
  readonly framework: string;
  /** The HTTP method. */
  readonly method: string;
  /** Length of the body in bytes; undefined unless it was read whole. */
  readonly bodyBytes: number | undefined;
  /** The event's type; undefined unless the delivery was genuine and could be read. */
  readonly type: string | undefined;
  /** The provider's id of the event. */
  readonly id: string | undefined;
  /** Whose event it is, where the secret function said so. */
  readonly owner: string | undefined;
  /** What makes two deliveries the same event, different for each owner. */
  readonly key: string | undefined;
  /** Which secret of the list fits, from 0: an old one that still fits is not rotated yet. Undefined unless genuine. */
  readonly secretIndex: number | undefined;
  /** The inbox's id of the delivery; undefined unless it is stored. */
  readonly inboxId: string | undefined;
  /** Which attempt of the inbox it was, from 1; undefined for a delivery that was answered. */
  readonly attempt: number | undefined;
  /** From the call of the receiver to its reply, or of the attempt to its record, in milliseconds. */
  readonly durationMs: number;
  /** Why it was rejected, or the attempt failed; for `handler_failed`, `cause` is what the handler threw. */
  readonly error: WebhookError | undefined;
  /**
   * Finds out why a delivery was rejected; undefined for one that was not, and for `busy`. It works only when called,
   * after the reply, and is bounded: at most 64 HMACs of at most 1 MiB, one search at a time in the process, and 30 a
   * minute for each receiver. A secret function is asked for it where the delivery had no signature. It never throws.
   * What it finds is for the operator: do not send it to whoever sent the delivery. A report that is kept keeps the
   * delivery for it.
   */
  readonly diagnose: (() => Promise<Diagnosis>) | undefined;
}

/**
 * What `onOutcome` is. Nothing it does can change a reply. The framework's own request or context comes beside the
 * report and not in it, so that a report can be logged as it is.
 */
export type OnOutcome<Request = unknown> = (report: OutcomeReport, request: Request) => unknown;

/**
 * What `wrap` is: it calls `receive` at once, which resolves with the report when the delivery, or an attempt of the
 * inbox, has ended and never rejects. Nothing it does can change a reply, or make a delivery travel twice.
 */
export type Wrap = (
  receive: () => Promise<OutcomeReport>,
  about: Pick<OutcomeReport, 'stage' | 'provider' | 'framework'>,
) => unknown;
