import { authenticate } from './authenticate.ts';
import { type BodyInput, readBody } from './body.ts';
import { memoryClaims } from './claims.ts';
import type { Awaitable } from './crypto.ts';
import { rememberReceiver } from './diagnosis/receivers.ts';
import { lazyDiagnosis } from './diagnosis.ts';
import { finish, takeClaim } from './dispatch.ts';
import { checkData, readEnvelope } from './envelope.ts';
import { WebhookError } from './error.ts';
import type { WebhookEvent } from './event.ts';
import { compileHandlers, type Delivery, runHandlers } from './handlers.ts';
import { type DeliveryHeaders, type HeadersInput, readHeaders } from './headers.ts';
import { readKey } from './key.ts';
import { checkOptions, type Limits, type WebhookOptions } from './options.ts';
import { type OutcomeReport, reporter, surround, type WaitUntil } from './outcome.ts';
import type { Provider } from './provider.ts';
import { type Outcome, type RejectionCode, type Reply, replyFor } from './reply.ts';
import { type KeyRing, keysFrom } from './secret.ts';
import { requestBody } from './stream.ts';

/** Options of {@link createReceiver}. */
export interface ReceiverOptions<P extends Provider, Request = globalThis.Request> extends WebhookOptions<P, Request> {
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
export function createReceiver<const P extends Provider, Request = globalThis.Request>(
  options: ReceiverOptions<P, Request>,
): Receiver<Request> {
  const { provider, framework = 'fetch', now = () => Date.now() } = options;
  const limits = checkOptions(provider, options);
  const keysFor = keysFrom(options.secret, provider, limits.timeoutMs);
  const handlersFor = compileHandlers<P, Request>(provider, options.on);
  const claims = options.dedupe === false ? undefined : (options.dedupe ?? memoryClaims());
  const report = reporter(options.onOutcome);
  const observed = surround(options.around, { provider: provider.name, framework });
  const diagnosisOf = lazyDiagnosis(provider, { ...limits, now });
  if (typeof options.secret !== 'function') rememberReceiver(provider, options.secret);

  async function receive(input: DeliveryInput<Request>): Promise<Reply> {
    const { outcome } = await observed(() => take(input), input?.waitUntil);
    return replyFor(outcome);
  }

  /** Takes a delivery its way, and tells what became of it. */
  async function take(input: DeliveryInput<Request>): Promise<OutcomeReport> {
    const started = performance.now();
    // Whoever calls `receive` by hand without a request has handlers and a secret that do not want one.
    const request = input?.request as Request;
    const facts: Facts = {};
    let outcome: Outcome;
    let error: WebhookError | undefined;
    try {
      outcome = await travel(input, request, facts);
      error = facts.unrecorded;
    } catch (thrown) {
      [outcome, error] = toRejection(thrown);
    }
    // Frozen, because the reply is made of what it says.
    const told: OutcomeReport = Object.freeze({
      outcome,
      status: replyFor(outcome).status,
      provider: provider.name,
      framework,
      method: input?.method ?? 'POST',
      bodyBytes: facts.body?.length,
      type: facts.event?.type,
      id: facts.event?.id,
      key: facts.key,
      secretIndex: facts.secretIndex,
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
    facts.event = readEnvelope(provider, body, headers, proof.id);
    const handlers = handlersFor(facts.event.type);
    if (handlers.length === 0) return 'ignored';
    const event = checkData(provider, facts.event);
    const delivery: Delivery = { headers, body, id: provider.deliveryId(headers) };
    const key = await readKey(provider, event, delivery);
    facts.key = key;
    const claim =
      key === undefined
        ? undefined
        : await takeClaim(claims, `${provider.name}:${proof.scope}${key}`, limits.timeoutMs);
    if (claim?.state === 'done') return 'duplicate';
    if (claim?.state === 'busy') return 'busy';
    facts.unrecorded = await finish(runHandlers(handlers, event, { delivery, key, request }, limits.timeoutMs), claim);
    return 'handled';
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

/** What is known of a delivery, for the report, however far it came. */
interface Facts {
  headers?: DeliveryHeaders;
  body?: Uint8Array;
  keyRing?: Awaitable<KeyRing>;
  secretIndex?: number;
  event?: WebhookEvent;
  key?: string | undefined;
  /** The event was handled, but that could not be recorded. */
  unrecorded?: WebhookError | undefined;
}

function checkMethod(method: string | undefined): void {
  if (method === undefined || method === 'POST') return;
  throw new WebhookError('method_not_allowed', 'Webhooks are delivered with POST.', {
    fix: 'A browser or a health check has asked for this path: nothing to mend, unless a redirect turned a POST into a GET.',
  });
}

function toRejection(thrown: unknown): [RejectionCode, WebhookError] {
  if (thrown instanceof WebhookError && thrown.code !== 'invalid_options') return [thrown.code, thrown];
  return [
    'handler_failed',
    new WebhookError('handler_failed', 'Receiving failed unexpectedly.', {
      cause: thrown,
      fix: 'The cause of this error is what was thrown.',
    }),
  ];
}
