import { WebhookError } from '../error.ts';
import { checkAge } from '../event/age.ts';
import { checkData, readEnvelope } from '../event/envelope.ts';
import type { WebhookEvent } from '../event/event.ts';
import { owned, readKey } from '../event/key.ts';
import { isOnlyOwner, ownerOf } from '../proof/authenticate.ts';
import type { Provider } from '../provider.ts';
import { type Awaitable, goOn, isThenable } from '../timing/awaitable.ts';
import { inTime } from '../timing/in-time.ts';
import type { Claim, ClaimStore } from './claims.ts';
import { EventContext } from './context.ts';
import type { Handler, HandlerLookup } from './handlers.ts';
import { completeWithoutInbox } from './inbox.ts';
import { memoryClaims } from './memory-claims.ts';
import type { Progress, Step, TakenClaim, Way } from './progress.ts';
import { handlerFailed, runHandlers } from './run.ts';

/** A handler that has not ended this long after its timeout is given up: a retry may then run it again. */
const leaseGraceMs = 60_000;

/** What hands events to their handlers before the reply. */
export interface Dispatching<Request> {
  readonly provider: Provider;
  /** What tells the receiver from others that share its claims. */
  readonly name: string;
  readonly handlersFor: HandlerLookup<Request>;
  /** Where handled events are remembered, if they are. */
  readonly claims: ClaimStore | undefined;
  readonly maxEventAgeSeconds: number | undefined;
  readonly timeoutMs: number;
}

/** The store that the `dedupe` option means. */
export function claimsOf(dedupe: false | ClaimStore | undefined): ClaimStore | undefined {
  return dedupe === false ? undefined : (dedupe ?? memoryClaims());
}

/** The rest of the way, which hands the event of a proven delivery to its handlers, once. */
export function dispatching<Request>({
  provider,
  name,
  handlersFor,
  claims,
  maxEventAgeSeconds,
  timeoutMs,
}: Dispatching<Request>): Way<Request> {
  const readEvent: Step<Request> = (progress) => {
    const event = readEnvelope(provider, progress, progress.proof?.id);
    progress.event = event;
    const stale = checkAge(event, maxEventAgeSeconds, progress.proof?.at ?? 0);
    if (stale !== undefined) return stale;
    if (handlersFor(event.type).length === 0) return 'ignored';
    progress.event = checkData(provider, event);
    return undefined;
  };
  const findKey: Step<Request> = (progress) =>
    goOn(progress, readKey(provider, eventOf(progress), progress, timeoutMs), ownKey);
  const claimEvent: Step<Request> = (progress) => {
    const { key } = progress;
    if (claims === undefined || key === undefined) return undefined;
    return goOn(progress, claimInTime(claims, `${name}:${key}`, timeoutMs), keepClaim);
  };
  const handle: Way<Request>['last'] = (progress) => {
    const event = eventOf(progress);
    const receivedAt = new Date(progress.proof?.at ?? 0);
    const context = new EventContext({ progress, attempt: undefined, receivedAt, complete: completeWithoutInbox });
    return runClaimed(handlersFor(event.type), event, context, progress, timeoutMs);
  };
  return { steps: [readEvent, findKey, claimEvent], last: handle };
}

function eventOf({ event }: Progress<unknown>): WebhookEvent {
  if (event === undefined) throw new TypeError('The event was not read.');
  return event;
}

function ownKey(progress: Progress<unknown>, key: string | undefined): Awaitable<undefined> {
  const { proof } = progress;
  if (key === undefined || proof === undefined || isOnlyOwner(proof)) return keepKey(progress, key);
  const keepOwned = (_: unknown, owner: string | undefined) => goOn(progress, owned(owner, key), keepKey);
  return goOn(progress, ownerOf(proof), keepOwned);
}

function keepKey(progress: Progress<unknown>, key: string | undefined): undefined {
  progress.key = key;
}

function keepClaim(progress: Progress<unknown>, claim: Claim): 'duplicate' | 'busy' | undefined {
  if (claim.state === 'done') return 'duplicate';
  if (claim.state === 'busy') return 'busy';
  progress.claim = claim;
  return undefined;
}

function keepWarning(progress: Progress<unknown>, warning: WebhookError | undefined): 'handled' {
  progress.warning = warning;
  return 'handled';
}

function failWith(error: unknown): never {
  throw error;
}

/** Takes the event for this delivery. A claim that comes too late is released, or the event's retry would wait for it. */
function claimInTime(claims: ClaimStore, key: string, timeoutMs: number): Awaitable<Claim> {
  const timeoutError = () => new Error(`claim() took longer than timeoutMs (${timeoutMs} ms)`);
  try {
    const asked = claims.claim(key, timeoutMs + leaseGraceMs);
    if (!isThenable(asked)) return checkClaim(asked);
    const claimed = inTime(asked, timeoutMs, timeoutError);
    claimed.catch(() => asked.then(releaseLate, () => undefined));
    return claimed.then(checkClaim).catch(claimsUnavailable);
  } catch (cause) {
    return claimsUnavailable(cause);
  }
}

function releaseLate(claim: Claim): void {
  if (isClaim(claim) && claim.state === 'taken') void release(claim, leaseGraceMs);
}

function checkClaim(claim: Claim): Claim {
  if (isClaim(claim)) return claim;
  throw new TypeError(
    "claim() must resolve to { state: 'taken', done, release }, { state: 'busy' } or { state: 'done' }",
  );
}

function isClaim(claim: Claim | null | undefined): claim is Claim {
  if (claim?.state !== 'taken') return claim?.state === 'busy' || claim?.state === 'done';
  return typeof claim.done === 'function' && typeof claim.release === 'function';
}

function claimsUnavailable(cause: unknown): never {
  throw new WebhookError('claims_unavailable', 'The claims store of the dedupe option failed. Nothing was handled.', {
    cause,
    fix: 'The cause of this error is what the store threw. The provider will try again.',
  });
}

/**
 * Runs handlers, and records what became of them. It ends once they all returned, with a warning if that could not be
 * recorded: the event was handled all the same, so it must not be run again. Handlers that are still at work when their
 * time is over are recorded when they end.
 */
function runClaimed<Request>(
  handlers: readonly Handler<WebhookEvent, Request>[],
  event: WebhookEvent,
  context: EventContext<Request>,
  progress: Progress<Request>,
  timeoutMs: number,
): Awaitable<'handled'> {
  let giveUp: (error: WebhookError) => void = () => undefined;
  try {
    const run = runHandlers(handlers, event, context, timeoutMs, (error) => giveUp(error));
    if (run === undefined) return goOn(progress, record(progress.claim, timeoutMs), keepWarning);
    return new Promise((resolve, reject) => {
      giveUp = reject;
      run.settled.then(
        () => {
          run.stop();
          resolve(goOn(progress, record(progress.claim, timeoutMs), keepWarning));
        },
        (cause) => {
          run.stop();
          const error = handlerFailed(event, context, cause);
          void Promise.resolve(release(progress.claim, timeoutMs)).then(() => reject(error));
        },
      );
    });
  } catch (error) {
    return goOn(error, release(progress.claim, timeoutMs), failWith);
  }
}

/** Lets the next delivery of the event try. Where that fails, the claim ends with its lease. */
function release(claim: TakenClaim | undefined, ms: number): Awaitable<void> {
  try {
    const released = claim?.release();
    return isThenable(released) ? inTime(released, ms, () => undefined).catch(() => undefined) : undefined;
  } catch {
    return undefined;
  }
}

function record(claim: TakenClaim | undefined, ms: number): Awaitable<WebhookError | undefined> {
  try {
    const done = claim?.done();
    if (!isThenable(done)) return undefined;
    const timeoutError = () => new Error(`done() took longer than timeoutMs (${ms} ms)`);
    return inTime(done, ms, timeoutError).then(() => undefined, notRecorded);
  } catch (cause) {
    return notRecorded(cause);
  }
}

function notRecorded(cause: unknown): WebhookError {
  return new WebhookError(
    'claims_unavailable',
    'The event was handled, but the claims store could not record it: a retry may run it again.',
    { cause, fix: 'The cause of this error is what the store threw.' },
  );
}
