import { type BodyInput, readBody } from './bytes/body.ts';
import { type HeadersInput, readHeaders } from './bytes/headers.ts';
import { requestBody } from './bytes/stream.ts';
import { lazyDiagnosis } from './diagnosis/diagnosis.ts';
import { rememberReceiver } from './diagnosis/receivers.ts';
import { isRejection, type RejectionCode, WebhookError } from './error.ts';
import type { Delivery } from './event/delivery.ts';
import type { Facts } from './event/facts.ts';
import { acceptDelivery } from './handling/accept.ts';
import { claimsOf, dispatchDelivery } from './handling/dispatch.ts';
import { compileHandlers } from './handling/handlers.ts';
import type { Attempt, Inbox, WorkOutcome } from './handling/inbox.ts';
import { workOff } from './handling/work.ts';
import { checkOptions, type HandlerRequest, type Limits, type WebhookOptions } from './options.ts';
import { authenticate } from './proof/authenticate.ts';
import { keysFrom } from './proof/secret.ts';
import type { Provider } from './provider.ts';
import { type OutcomeReport, reporter, surround, type WaitUntil } from './report/outcome.ts';
import { type Outcome, type Reply, replyFor } from './report/reply.ts';

/** Options of {@link createReceiver}. */
export interface ReceiverOptions<
  P extends Provider,
  Request = globalThis.Request,
  I extends Inbox | undefined = undefined,
> extends WebhookOptions<P, Request, I> {
  readonly provider: P;
  /** Name of the adapter, for `onOutcome`; `fetch` by default. */
  readonly framework?: string;
}

/** One HTTP attempt, as an adapter hands it in. */
export interface DeliveryInput<Request> {
  /** HTTP method; `POST` by default. */
  readonly method?: string | undefined;
  readonly headers: HeadersInput;
  readonly body: BodyInput;
  /** The framework's own request or context, for the secret function and the handlers. */
  readonly request?: Request;
  /**
   * Called with what `onOutcome` and `around` return, where that is a promise: `waitUntil` of Workers and the like, which
   * would end that work with the reply.
   */
  readonly waitUntil?: WaitUntil | undefined;
}

/** Delivery in, reply out. It knows no framework. */
export interface Receiver<Request> {
  /** Takes one delivery through every step. It never throws. */
  readonly receive: (delivery: DeliveryInput<Request>) => Promise<Reply>;
  /** The same for everything that speaks `Request` and `Response`. It never throws. */
  readonly fetch: (request: globalThis.Request & Request) => Promise<Response>;
  /** The sizes and times in force, for adapters whose framework wants to know them. */
  readonly limits: Limits;
}

/**
 * Makes a receiver: it proves a delivery on its raw bytes, reads the event, and hands it once to the right handlers.
 *
 * @param options see {@link WebhookOptions} for each option, its unit and its default
 * @returns `receive` for adapters and `fetch` for route handlers; neither throws
 * @throws WebhookError `invalid_options` when an option is wrong; the message names it and the fix
 *
 * @example
 * ```ts
 * import { createReceiver, grantex } from '@hookproof/core';
 *
 * const receiver = createReceiver({
 *   provider: grantex(),
 *   secret: () => process.env.GRANTEX_SECRET ?? '',
 *   on: { 'grant.revoked': ({ data }) => console.log('revoke', data.grantId, data.cascade) },
 * });
 *
 * export const POST = receiver.fetch;
 * ```
 */
export function createReceiver<
  const P extends Provider,
  Request = globalThis.Request,
  I extends Inbox | undefined = undefined,
>(options: ReceiverOptions<P, Request, I>): Receiver<Request> {
  const { provider, inbox, framework = 'fetch', now = () => Date.now() } = options;
  const limits = checkOptions(provider, options);
  const keysFor = keysFrom(options.secret, provider, limits.timeoutMs);
  const handlersFor = compileHandlers<HandlerRequest<Request, I>>(provider, options.on);
  const report = reporter<Request | HandlerRequest<Request, I>>(options.onOutcome);
  const about = { provider: provider.name, framework };
  const diagnosisOf = lazyDiagnosis(provider, { ...limits, now });
  const name = options.name ?? provider.name;
  const { timeoutMs } = limits;
  const storage = inbox && { provider, inbox, name, lane: options.lane, handlersFor, timeoutMs };
  const dispatching = { provider, handlersFor, claims: claimsOf(options.dedupe), timeoutMs, now };
  if (typeof options.secret !== 'function') rememberReceiver(provider, options.secret);
  // Last, because what is registered is worked on at once.
  inbox?.register({ name, work });

  async function receive(input: DeliveryInput<Request>): Promise<Reply> {
    const take = () => takeDelivery(input);
    const { outcome } = await surround(options.around, { ...about, stage: 'receive' }, take, input?.waitUntil);
    return replyFor(outcome);
  }

  /** Takes a delivery its way, and tells what became of it. */
  async function takeDelivery(input: DeliveryInput<Request>): Promise<OutcomeReport & { readonly outcome: Outcome }> {
    const started = performance.now();
    // Whoever calls `receive` by hand without a request has handlers and a secret that do not want one.
    const request = input?.request as Request;
    const facts: Facts = {};
    let outcome: Outcome;
    let error: WebhookError | undefined;
    try {
      outcome = await travel(input, request, facts);
      error = facts.trouble;
    } catch (thrown) {
      [outcome, error] = toRejection(thrown);
    }
    // Frozen, because the reply is made of what it says.
    const told = Object.freeze({
      stage: 'receive',
      outcome,
      status: replyFor(outcome).status,
      ...about,
      method: input?.method ?? 'POST',
      ...known(facts),
      secretIndex: facts.secretIndex,
      inboxId: facts.inboxId,
      attempt: undefined,
      durationMs: performance.now() - started,
      error,
      diagnose:
        outcome === error?.code ? diagnosisOf(error, facts, () => facts.keyRing ?? keysFor(request)) : undefined,
    });
    report(told, request, input?.waitUntil);
    return told;
  }

  /** The way of a delivery. Every step throws the rejection that ends it. */
  async function travel(input: DeliveryInput<Request>, request: Request, facts: Facts): Promise<Outcome> {
    checkMethod(input.method);
    const headers = readHeaders(input.headers);
    facts.headers = headers;
    const body = await readBody(input.body, headers, limits);
    facts.body = body;
    const keys = () => {
      facts.keyRing = keysFor(request);
      return facts.keyRing;
    };
    const proof = await authenticate(provider, { headers, body }, keys, { ...limits, now });
    facts.secretIndex = proof.secretIndex;
    const delivery: Delivery = { headers, body, id: provider.deliveryId(headers) };
    if (storage !== undefined) return acceptDelivery(storage, delivery, proof, facts);
    return dispatchDelivery(dispatching, delivery, proof, request as HandlerRequest<Request, I>, facts);
  }

  /** Takes a stored delivery to its handlers, and tells what became of it. */
  async function work(attempt: Attempt): Promise<WorkOutcome> {
    const take = () => takeAttempt(attempt);
    const { outcome } = await surround(options.around, { ...about, stage: 'work' }, take, undefined);
    return outcome;
  }

  async function takeAttempt(attempt: Attempt): Promise<OutcomeReport & { readonly outcome: WorkOutcome }> {
    const started = performance.now();
    const nobody = undefined as HandlerRequest<Request, I>;
    const facts: Facts = { headers: attempt.headers, body: attempt.body };
    let failure: WebhookError | undefined;
    try {
      await workOff(provider, handlersFor, nobody, attempt, facts);
    } catch (thrown) {
      failure = thrown instanceof WebhookError ? thrown : unexpected(thrown);
    }
    const { outcome, error } = await attempt.settle(failure);
    const told = Object.freeze({
      stage: 'work',
      outcome,
      status: undefined,
      ...about,
      method: 'POST',
      ...known(facts),
      secretIndex: undefined,
      inboxId: attempt.id,
      attempt: attempt.attempt,
      durationMs: performance.now() - started,
      error,
      diagnose: undefined,
    });
    report(told, nobody, undefined);
    return told;
  }

  return {
    limits,
    receive,
    async fetch(request) {
      const { method, headers } = request;
      const reply = await receive({ method, headers, body: requestBody(request), request });
      return new Response(reply.body, { status: reply.status, headers: reply.headers });
    },
  };
}

/** The part of a report that a delivery tells itself. */
function known({ body, event, key }: Facts): Pick<OutcomeReport, 'bodyBytes' | 'type' | 'id' | 'key'> {
  return { bodyBytes: body?.length, type: event?.type, id: event?.id, key };
}

function checkMethod(method: string | undefined): void {
  if (method === undefined || method === 'POST') return;
  throw new WebhookError('method_not_allowed', 'Webhooks are delivered with POST.', {
    fix: 'A browser or a health check has asked for this path: nothing to mend, unless a redirect turned a POST into a GET.',
  });
}

function toRejection(thrown: unknown): [RejectionCode, WebhookError] {
  if (thrown instanceof WebhookError && isRejection(thrown.code)) return [thrown.code, thrown];
  return ['handler_failed', unexpected(thrown)];
}

function unexpected(thrown: unknown): WebhookError {
  return new WebhookError('handler_failed', 'Receiving failed unexpectedly.', {
    cause: thrown,
    fix: 'The cause of this error is what was thrown.',
  });
}
