import { authenticate } from './authenticate.ts';
import { type BodyInput, type BodyReader, readBody, streamReader } from './body.ts';
import { type Claim, type ClaimStore, memoryClaims } from './claims.ts';
import { readEvent } from './envelope.ts';
import { WebhookError } from './error.ts';
import type { WebhookEvent } from './event.ts';
import { compileHandlers, type Delivery, type HandlerRun, runHandlers } from './handlers.ts';
import { type HeadersInput, readHeaders } from './headers.ts';
import { readKey } from './key.ts';
import { checkOptions, type Limits, type WebhookOptions } from './options.ts';
import { reporter } from './outcome.ts';
import type { Provider } from './provider.ts';
import { type Outcome, type RejectionCode, type Reply, replyFor } from './reply.ts';
import { keysFrom } from './secret.ts';

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

/** A handler that has not ended this long after its timeout is given up: a retry may then run it again. */
const leaseGraceMs = 60_000;

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
 *   secret: process.env.GRANTEX_SECRET ?? '',
 *   on: { 'grant.revoked': ({ data }) => console.log('revoke', data.grantId, data.cascade) },
 * });
 *
 * export const POST = receiver.fetch;
 * ```
 */
export function createReceiver<const P extends Provider, Request = globalThis.Request>(
  options: ReceiverOptions<P, Request>,
): Receiver<Request> {
  const { provider, framework = 'fetch', now = Date.now } = options;
  const limits = checkOptions(provider, options);
  const keysFor = keysFrom(options.secret, provider.secret);
  const handlersFor = compileHandlers<P, Request>(provider, options.on);
  const claims = options.dedupe === false ? undefined : (options.dedupe ?? memoryClaims());
  const report = reporter(options.onOutcome);

  async function receive(input: DeliveryInput<Request>): Promise<Reply> {
    const started = performance.now();
    const facts: Facts = {};
    let outcome: Outcome;
    try {
      outcome = await travel(input, facts);
    } catch (thrown) {
      const [code, error] = toRejection(thrown);
      outcome = code;
      facts.error = error;
    }
    const reply = replyFor(outcome);
    report({
      outcome,
      status: reply.status,
      provider: provider.name,
      framework,
      type: facts.event?.type,
      id: facts.event?.id,
      key: facts.key,
      durationMs: performance.now() - started,
      error: facts.error,
    });
    return reply;
  }

  /** The way of a delivery. Every step throws the rejection that ends it. */
  async function travel(input: DeliveryInput<Request>, facts: Facts): Promise<Outcome> {
    // Whoever calls `receive` by hand without a request has handlers and a secret that do not want one.
    const request = input.request as Request;
    checkMethod(input.method);
    const headers = readHeaders(input.headers);
    const body = await readBody(input.body, headers, limits);
    const proof = await authenticate(provider, { headers, body }, () => keysFor(request), { ...limits, now });
    const event = readEvent(provider, body, headers, proof.id);
    facts.event = event;
    const handlers = handlersFor(event.type);
    if (handlers.length === 0) return 'ignored';
    const delivery: Delivery = { headers, body, id: headers.get(provider.headers.deliveryId ?? '') };
    const key = await readKey(provider, event, delivery);
    facts.key = key;
    const claim = key === undefined ? undefined : await take(claims, `${provider.name}:${key}`, limits.timeoutMs);
    if (claim?.state === 'done') return 'duplicate';
    if (claim?.state === 'busy') return 'busy';
    facts.error = await dispatch(runHandlers(handlers, event, { delivery, key, request }, limits.timeoutMs), claim);
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
  event?: WebhookEvent;
  key?: string | undefined;
  error?: WebhookError | undefined;
}

function checkMethod(method: string | undefined): void {
  if (method === undefined || method === 'POST') return;
  throw new WebhookError('method_not_allowed', 'Webhooks are delivered with POST.');
}

/** Reads the bytes of a `Request`, or says at once that they are gone. */
export function requestBody(request: globalThis.Request): BodyReader {
  if (!request.bodyUsed && !request.body?.locked) return streamReader(request.body);
  return async () => {
    throw new WebhookError(
      'body_consumed',
      'The body of this Request was read before Hookproof, by request.json(), text() or the like. Call the receiver first, or give the earlier code request.clone().',
    );
  };
}

async function take(claims: ClaimStore | undefined, key: string, timeoutMs: number): Promise<Claim | undefined> {
  try {
    return await claims?.claim(key, timeoutMs + leaseGraceMs);
  } catch (cause) {
    throw new WebhookError('claims_unavailable', 'The claims store of the dedupe option failed. Nothing was handled.', {
      cause,
    });
  }
}

/**
 * Waits for the handlers, and records what became of them. It resolves once they all returned, with an error if that
 * could not be recorded: the event was handled all the same, so it must not be run again.
 */
async function dispatch(
  run: HandlerRun,
  claim: (Claim & { state: 'taken' }) | undefined,
): Promise<WebhookError | undefined> {
  const recorded = record(run.settled, claim);
  try {
    return await Promise.race([recorded, run.late]);
  } finally {
    run.stop();
    // After a timeout nobody waits for it any more, and the claim is what still needs its end.
    recorded.catch(() => undefined);
  }
}

async function record(
  settled: Promise<void>,
  claim: (Claim & { state: 'taken' }) | undefined,
): Promise<WebhookError | undefined> {
  try {
    await settled;
  } catch (error) {
    // Where even this fails the claim ends with its lease; what the handler threw matters more.
    await Promise.resolve(claim?.release()).catch(() => undefined);
    throw error;
  }
  try {
    await claim?.done();
    return undefined;
  } catch (cause) {
    return new WebhookError(
      'claims_unavailable',
      'The event was handled, but the claims store could not record it: a retry may run it again.',
      { cause },
    );
  }
}

function toRejection(thrown: unknown): [RejectionCode, WebhookError] {
  if (thrown instanceof WebhookError && thrown.code !== 'invalid_options') return [thrown.code, thrown];
  return ['handler_failed', new WebhookError('handler_failed', 'Receiving failed unexpectedly.', { cause: thrown })];
}
