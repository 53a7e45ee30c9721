import { WebhookError } from '../error.ts';
import type { Delivery } from '../event/delivery.ts';
import { checkData, readEnvelope } from '../event/envelope.ts';
import type { Facts } from '../event/facts.ts';
import { readKey } from '../event/key.ts';
import type { Proof } from '../proof/authenticate.ts';
import type { Provider } from '../provider.ts';
import { inTime } from '../timing/in-time.ts';
import { type Claim, type ClaimStore, memoryClaims } from './claims.ts';
import type { HandlerLookup } from './handlers.ts';
import { completeWithoutInbox } from './inbox.ts';
import { type HandlerRun, runHandlers } from './run.ts';

/** A handler that has not ended this long after its timeout is given up: a retry may then run it again. */
const leaseGraceMs = 60_000;

/** What hands events to their handlers before the reply. */
export interface Dispatching<Request> {
  readonly provider: Provider;
  readonly handlersFor: HandlerLookup<Request>;
  /** Where handled events are remembered, if they are. */
  readonly claims: ClaimStore | undefined;
  readonly timeoutMs: number;
  readonly now: () => number;
}

/** The store that the `dedupe` option means. */
export function claimsOf(dedupe: false | ClaimStore | undefined): ClaimStore | undefined {
  return dedupe === false ? undefined : (dedupe ?? memoryClaims());
}

/** Hands the event of a proven delivery to its handlers, once. */
export async function dispatchDelivery<Request>(
  { provider, handlersFor, claims, timeoutMs, now }: Dispatching<Request>,
  delivery: Delivery,
  proof: Proof,
  request: Request,
  facts: Facts,
): Promise<'handled' | 'duplicate' | 'busy' | 'ignored'> {
  const read = readEnvelope(provider, delivery.body, delivery.headers, proof.id);
  facts.event = read;
  const handlers = handlersFor(read.type);
  if (handlers.length === 0) return 'ignored';
  const event = checkData(provider, read);
  const key = await readKey(provider, event, delivery);
  facts.key = key;
  const claim =
    key === undefined ? undefined : await takeClaim(claims, `${provider.name}:${proof.scope}${key}`, timeoutMs);
  if (claim?.state === 'done') return 'duplicate';
  if (claim?.state === 'busy') return 'busy';
  const own = { attempt: undefined, receivedAt: new Date(now()), complete: completeWithoutInbox };
  facts.trouble = await finish(runHandlers(handlers, event, { delivery, key, request, ...own }, timeoutMs), claim);
  return 'handled';
}

type Taken = Claim & { readonly state: 'taken' };

/** Takes the event for this delivery; undefined where there is no store to ask. */
async function takeClaim(claims: ClaimStore | undefined, key: string, timeoutMs: number): Promise<Claim | undefined> {
  try {
    const asked = claims?.claim(key, timeoutMs + leaseGraceMs);
    const late = () => new Error(`claim() took longer than timeoutMs (${timeoutMs} ms)`);
    const claim = asked instanceof Promise ? await inTime(asked, timeoutMs, late) : asked;
    if (claim === undefined ? claims === undefined : isClaim(claim)) return claim;
    throw new TypeError(
      "claim() must resolve to { state: 'taken', done, release }, { state: 'busy' } or { state: 'done' }",
    );
  } catch (cause) {
    throw new WebhookError('claims_unavailable', 'The claims store of the dedupe option failed. Nothing was handled.', {
      cause,
      fix: 'The cause of this error is what the store threw. The provider will try again.',
    });
  }
}

function isClaim(claim: Claim | null): boolean {
  if (claim?.state !== 'taken') return claim?.state === 'busy' || claim?.state === 'done';
  return typeof claim.done === 'function' && typeof claim.release === 'function';
}

/**
 * Waits for the handlers, and records what became of them. It resolves once they all returned, with an error if that
 * could not be recorded: the event was handled all the same, so it must not be run again.
 */
async function finish(run: HandlerRun, claim: Taken | undefined): Promise<WebhookError | undefined> {
  const recorded = record(run.settled, claim);
  try {
    return await Promise.race([recorded, run.late]);
  } finally {
    run.stop();
  }
}

async function record(settled: Promise<void>, claim: Taken | undefined): Promise<WebhookError | undefined> {
  try {
    await settled;
  } catch (error) {
    try {
      await claim?.release();
    } catch {
      // Then the claim ends with its lease. What the handler threw matters more.
    }
    throw error;
  }
  try {
    await claim?.done();
    return undefined;
  } catch (cause) {
    return new WebhookError(
      'claims_unavailable',
      'The event was handled, but the claims store could not record it: a retry may run it again.',
      { cause, fix: 'The cause of this error is what the store threw.' },
    );
  }
}
