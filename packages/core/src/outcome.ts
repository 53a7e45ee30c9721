import type { WebhookError } from './error.ts';
import type { Outcome } from './reply.ts';

/** What became of one delivery, for logs and metrics. Nothing of it is in the reply. */
export interface OutcomeReport {
  readonly outcome: Outcome;
  /** Status of the reply. */
  readonly status: number;
  /** Name of the provider. */
  readonly provider: string;
  /** Name of the adapter, or `fetch`. */
  readonly framework: string;
  /** The event's type; undefined unless the delivery was genuine and could be read. */
  readonly type: string | undefined;
  /** The provider's id of the event. */
  readonly id: string | undefined;
  /** What makes two deliveries the same event. */
  readonly key: string | undefined;
  /** From the call of the receiver to its reply, in milliseconds. */
  readonly durationMs: number;
  /** Why it was rejected; for `handler_failed`, `cause` is what the handler threw. */
  readonly error: WebhookError | undefined;
}

/** What `onOutcome` is. Nothing it does can change a reply. */
export type OnOutcome = (report: OutcomeReport) => unknown;

/**
 * Wraps `onOutcome`. Without one, what the server's operator has to mend is logged; what senders did is logged in
 * development alone, once per outcome, because there a wrong secret is the operator's too.
 */
export function reporter(onOutcome: OnOutcome = failureLog()): (report: OutcomeReport) => void {
  return async (report) => {
    try {
      await onOutcome(report);
    } catch (error) {
      console.error('hookproof: onOutcome failed:', error);
    }
  };
}

function failureLog(): OnOutcome {
  const told = new Set<Outcome>();
  return ({ status, outcome, provider, error }) => {
    if (error === undefined) return;
    if (status >= 500 || status < 300) console.error('hookproof:', error);
    else if (isDevelopment() && !told.has(outcome)) {
      told.add(outcome);
      console.warn(
        `hookproof: ${provider}: ${outcome}: ${error.message} (Said once; give onOutcome to see every delivery.)`,
      );
    }
  };
}

function isDevelopment(): boolean {
  const { process } = globalThis as { process?: { env?: Record<string, string | undefined> } };
  const mode = process?.env?.['NODE_ENV'];
  return process !== undefined && mode !== 'production' && mode !== 'test';
}
