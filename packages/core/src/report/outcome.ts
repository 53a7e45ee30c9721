import type { Diagnosis } from '../diagnosis/diagnosis.ts';
import type { WebhookError } from '../error.ts';
import type { WorkOutcome } from '../handling/inbox.ts';
import type { Outcome } from './reply.ts';

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
  /** What makes two deliveries the same event. */
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
 * What `around` is: it calls `receive` at once, which resolves with the report when the delivery, or an attempt of the
 * inbox, has ended and never rejects. Nothing it does can change a reply, or make a delivery travel twice.
 */
export type Around = (
  receive: () => Promise<OutcomeReport>,
  about: Pick<OutcomeReport, 'stage' | 'provider' | 'framework'>,
) => unknown;

/** Keeps a runtime at work for a promise after the reply, such as `waitUntil` of Workers. */
export type WaitUntil = (promise: Promise<unknown>) => unknown;

/** Lets `around` call what takes a delivery its way, or calls it itself. */
export function surround<Report extends OutcomeReport>(
  around: Around | undefined,
  about: Parameters<Around>[1],
  receive: () => Promise<Report>,
  waitUntil: WaitUntil | undefined,
): Promise<Report> {
  if (around === undefined) return receive();
  let receiving: Promise<Report> | undefined;
  const once = () => {
    receiving ??= receive();
    return receiving;
  };
  guarded('around', () => around(once, about), waitUntil);
  return once();
}

/**
 * Wraps `onOutcome`. Without one, what the server's operator has to mend is logged; what senders did is diagnosed and
 * logged in development alone, once per cause, because there a wrong secret is the operator's too.
 */
export function reporter<Request>(
  onOutcome: OnOutcome<Request> = failureLog(),
): (report: OutcomeReport, request: Request, waitUntil: WaitUntil | undefined) => void {
  return (report, request, waitUntil) => guarded('onOutcome', () => onOutcome(report, request), waitUntil);
}

/** Runs a function of the user's: what it throws is logged, and nobody waits for what it returns but the runtime. */
function guarded(option: string, run: () => unknown, waitUntil: WaitUntil | undefined): void {
  const failed = (error: unknown) => console.error(`hookproof: ${option} failed:`, error);
  try {
    const returned = run();
    if (!isThenable(returned)) return;
    const ended = Promise.resolve(returned).then(undefined, failed);
    waitUntil?.(ended);
  } catch (error) {
    failed(error);
  }
}

function isThenable(value: unknown): value is PromiseLike<unknown> {
  return typeof value === 'object' && value !== null && 'then' in value && typeof value.then === 'function';
}

function failureLog(): OnOutcome {
  const told = new Set<string>();
  const explain = async (report: OutcomeReport) => {
    const diagnosis = await report.diagnose?.();
    if (diagnosis === undefined || told.has(diagnosis.cause)) return;
    told.add(diagnosis.cause);
    console.warn(linesOf(report, diagnosis));
  };
  return (report) => {
    const { status, error } = report;
    if (error === undefined) return undefined;
    // The attempt at it will say so.
    if (report.outcome === 'stored' && error.code === 'invalid_event') return undefined;
    if (status === undefined) return console.error(`hookproof: ${attemptOf(report)}:`, error);
    const ours = status >= 500 || status < 300;
    if (ours && (error.code !== 'body_consumed' || !isDevelopment())) return console.error('hookproof:', error);
    return isDevelopment() ? explain(report) : undefined;
  };
}

function attemptOf({ provider, type, inboxId, attempt, outcome }: OutcomeReport): string {
  return `${provider}: ${outcome} after attempt ${attempt} at delivery ${inboxId} (${type ?? 'no event'})`;
}

/** A diagnosis as a few lines for a terminal. */
function linesOf({ provider, status, outcome }: OutcomeReport, diagnosis: Diagnosis): string {
  const { cause, explanation, fix, evidence } = diagnosis;
  const facts = Object.entries(evidence).map(([name, value]) => `${name}=${JSON.stringify(value)}`);
  return [
    `hookproof: ${provider}: ${status} ${outcome}, because of ${cause}`,
    `  ${explanation}`,
    `  Fix: ${fix}`,
    ...(facts.length === 0 ? [] : [`  Evidence: ${facts.join(', ')}`]),
    '  (Said once per cause, in development alone; give onOutcome to see every delivery.)',
  ].join('\n');
}

function isDevelopment(): boolean {
  const { process, navigator } = globalThis as {
    process?: { env?: Record<string, string | undefined> };
    navigator?: { userAgent?: string };
  };
  const mode = process?.env?.['NODE_ENV'];
  // A Worker that is deployed has no NODE_ENV either.
  if (navigator?.userAgent === 'Cloudflare-Workers') return mode === 'development';
  return process !== undefined && mode !== 'production' && mode !== 'test';
}
