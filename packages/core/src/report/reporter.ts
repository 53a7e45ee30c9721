import type { Progress, WaitUntil } from '../handling/progress.ts';
import { errorText } from '../printable.ts';
import { isThenable } from '../timing/awaitable.ts';
import { failureLog } from './failure-log.ts';
import type { OnOutcome, OutcomeReport, Wrap } from './outcome.ts';

/** What all reports of a receiver have in common. */
type About = Pick<OutcomeReport, 'provider' | 'framework'>;

/** What a report says beside what its delivery knows of itself. */
type Told = Pick<OutcomeReport, 'stage' | 'outcome' | 'status' | 'method' | 'attempt' | 'error' | 'diagnose'>;

/** Makes a report. It is frozen, because several may read it; each field by name, because to freeze what was spread is slow. */
export function makeReport<T extends Told>(
  { body, isRead, event, owner, key, proof, inboxId, startedMs }: Progress<unknown>,
  { provider, framework }: About,
  { stage, outcome, status, method, attempt, error, diagnose }: T,
): OutcomeReport & Pick<T, 'outcome'> {
  return Object.freeze({
    stage,
    outcome,
    status,
    provider,
    framework,
    method,
    bodyBytes: isRead ? body.length : undefined,
    type: event?.type,
    id: event?.id,
    owner,
    key,
    secretIndex: proof?.secretIndex,
    inboxId,
    attempt,
    durationMs: performance.now() - startedMs,
    error,
    diagnose,
  });
}

/** Calls `onOutcome`, or what stands in for it. */
export function reporter<Request>(
  onOutcome: OnOutcome<Request> = failureLog(),
): (report: OutcomeReport, request: Request, waitUntil: WaitUntil | undefined) => void {
  return (report, request, waitUntil) => guarded('onOutcome', () => onOutcome(report, request), waitUntil);
}

/** Lets `wrap` call what takes a delivery its way, or calls it itself. */
export function takeWrapped<Report extends OutcomeReport>(
  wrap: Wrap,
  about: Parameters<Wrap>[1],
  take: () => Promise<Report>,
  waitUntil: WaitUntil | undefined,
): Promise<Report> {
  let taking: Promise<Report> | undefined;
  const once = () => {
    taking ??= take();
    return taking;
  };
  guarded('wrap', () => wrap(once, about), waitUntil);
  return once();
}

/** Runs a function of the user's: what it throws is logged, and nobody waits for what it returns but the runtime. */
function guarded(option: string, run: () => unknown, waitUntil: WaitUntil | undefined): void {
  const failed = (error: unknown) => console.error(`hookproof: ${option} failed:`, errorText(error));
  try {
    const returned = run();
    if (!isThenable(returned)) return;
    const ended = Promise.resolve(returned).then(undefined, failed);
    waitUntil?.(ended);
  } catch (error) {
    failed(error);
  }
}
