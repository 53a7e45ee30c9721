import { readBody } from './bytes/body.ts';
import { arrivedHeaders } from './bytes/headers.ts';
import { requestBody } from './bytes/stream.ts';
import { isDevelopment } from './development.ts';
import { lazyDiagnosis, type Rejected } from './diagnosis/diagnosis.ts';
import { rememberReceiver } from './diagnosis/receivers.ts';
import { invalid, isRejection, Refusal, type RejectionCode, unexpected, WebhookError } from './error.ts';
import { claimsOf, dispatching } from './handling/dispatch.ts';
import { compileHandlers, type KnownTypes } from './handling/handlers.ts';
import type { Inbox, TakenAttempt, WorkOutcome } from './handling/inbox.ts';
import { type DeliveryInput, type Outcome, Progress, type Step, takeSteps, type Way } from './handling/progress.ts';
import { ownOptions } from './option-names.ts';
import { checkOptions, type HandlerRequest, type Limits, type WebhookOptions } from './options.ts';
import { authentication } from './proof/authenticate.ts';
import { secretsFrom } from './proof/signing-secrets.ts';
import type { Provider } from './provider.ts';
import type { OutcomeReport } from './report/outcome.ts';
import { type Reply, replyFor } from './report/reply.ts';
import { makeReport, reporter, takeWrapped } from './report/reporter.ts';
import { type Awaitable, isThenable } from './timing/awaitable.ts';

/** Options of {@link createReceiver}. */
export type ReceiverOptions<
  P extends Provider,
  Request = globalThis.Request,
  I extends Inbox | undefined = undefined,
> = WebhookOptions<P, Request, I> & {
  readonly provider: P;
  /** Name of the adapter, for `onOutcome`; `fetch` by default. */
  readonly framework?: string;
};

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
 * @param given see {@link WebhookOptions} for each option, its unit and its default
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
  Types extends string = never,
>(given: ReceiverOptions<P, Request, I> & { readonly on: KnownTypes<P, Types> }): Receiver<Request> {
  const options = ownOptions(given);
  const { provider, inbox, wrap, onOutcome, framework = 'fetch', now = () => Date.now() } = options;
  const limits = checkOptions(provider, options);
  const { toleranceSeconds, maxEventAgeSeconds, timeoutMs } = limits;
  const about = { provider: provider.name, framework };
  const aboutStage = (stage: 'receive' | 'work') => ({ stage, provider: provider.name, framework });
  const name = options.receiverName ?? provider.name;
  const secret = options.secret === undefined ? withoutSecret(options) : options.secret;
  const secretsFor = secretsFrom(secret, provider, timeoutMs);
  const tell = reporter<Request | HandlerRequest<Request, I>>(onOutcome);
  const diagnosisOf = lazyDiagnosis(provider, { toleranceSeconds, now });
  // Without anyone to tell, what went well needs no report, and what was refused not even an error.
  const isQuiet = onOutcome === undefined && wrap === undefined;

  const proving: readonly Step<Request>[] = [
    checkMethod,
    readHeaders,
    (progress) => readBody(progress.input.body, progress.headers, limits, progress, keepBody),
    authentication(provider, secretsFor, { toleranceSeconds, now }),
    (progress) => admit(progress, provider),
  ];
  const rest: Way<Request> =
    inbox === undefined
      ? dispatching({
          provider,
          name,
          handlersFor: compileHandlers<Request>(provider, options.on),
          claims: claimsOf(options.dedupe),
          maxEventAgeSeconds,
          timeoutMs,
        })
      : inbox.way.connect(inbox, {
          provider,
          name,
          on: options.on,
          lane: options.lane,
          maxEventAgeSeconds,
          timeoutMs,
          observe,
        });
  const way = { steps: [...proving, ...rest.steps], last: rest.last };

  function receive(input: DeliveryInput<Request>): Promise<Reply> {
    const progress = new Progress(input, isQuiet ? 0 : startOf(input));
    if (wrap !== undefined) {
      const take = async () => endWith(progress, takeAll(progress), report);
      return takeWrapped(wrap, aboutStage('receive'), take, input?.waitUntil).then(toReply);
    }
    const reply = endWith(progress, takeAll(progress), isQuiet ? replyQuietly : reportAndReply);
    return Promise.resolve(reply);
  }

  function takeAll(progress: Progress<Request>): Awaitable<Ending> {
    try {
      return takeSteps(way, progress);
    } catch (thrown) {
      return failureOf(thrown);
    }
  }

  /** Answers where nobody wants a report, unless something went wrong that the server's operator must know of. */
  function replyQuietly(progress: Progress<Request>, ending: Ending): Reply {
    if (typeof ending === 'string') {
      const isTold = progress.warning !== undefined || (ending === 'ignored' && isDevelopment());
      return isTold ? reportAndReply(progress, ending) : replyFor(ending);
    }
    // What a sender did wrong is told where somebody sits before the console, who may have caused it.
    return ending instanceof Refusal && !isDevelopment() ? replyFor(ending.code) : reportAndReply(progress, ending);
  }

  function reportAndReply(progress: Progress<Request>, ending: Ending): Reply {
    return toReply(report(progress, ending));
  }

  function report(progress: Progress<Request>, ending: Ending): OutcomeReport & { readonly outcome: Outcome } {
    const { input, request, warning } = progress;
    const outcome = typeof ending === 'string' ? ending : ending.code;
    const error = typeof ending === 'string' ? undefined : ending.toError();
    const made = makeReport(progress, about, {
      stage: 'receive',
      outcome,
      status: replyFor(outcome).status,
      method: input?.method ?? 'POST',
      attempt: undefined,
      error: error ?? warning,
      diagnose: error && diagnosisOf(error, rejectedOf(progress), () => progress.secrets ?? secretsFor(request)),
    });
    tell(made, request, input?.waitUntil);
    return made;
  }

  /** Tells what became of an attempt of the inbox. */
  async function observe(take: () => Promise<TakenAttempt<HandlerRequest<Request, I>>>): Promise<WorkOutcome> {
    const takeAndTell = async () => {
      const { progress, outcome, attempt, error } = await take();
      const made = makeReport(progress, about, {
        stage: 'work',
        outcome,
        status: undefined,
        method: 'POST',
        attempt,
        error,
        diagnose: undefined,
      });
      tell(made, progress.request, undefined);
      return made;
    };
    if (wrap === undefined) return (await takeAndTell()).outcome;
    return (await takeWrapped(wrap, aboutStage('work'), takeAndTell, undefined)).outcome;
  }

  if (typeof secret !== 'function') rememberReceiver(provider, secret, name);
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

/** What stands for the secret of a receiver that only works. */
function withoutSecret(options: { readonly provider: Provider; readonly inbox?: Inbox | undefined }): () => never {
  const { provider, inbox } = options;
  // Where it is named, a variable was to hold it.
  if (inbox === undefined || 'secret' in options) {
    throw invalid(
      `secret is undefined: is the environment variable set that should hold the secret of ${provider.name}?`,
    );
  }
  return () => {
    throw new WebhookError('secret_unavailable', 'This receiver was made without one, to work and not to receive.');
  };
}

/** How the way of a delivery ended. */
type Ending = Outcome | Refusal | Failure;

/** What was thrown on the way. */
interface Failure {
  readonly code: RejectionCode;
  readonly toError: () => WebhookError;
}

/** Does what is to be done at the end, at once if it is there. */
function endWith<Request, T>(
  progress: Progress<Request>,
  ending: Awaitable<Ending>,
  end: (progress: Progress<Request>, ending: Ending) => T,
): Awaitable<T> {
  if (!isThenable(ending)) return end(progress, ending);
  return ending.then(
    (reached) => end(progress, reached),
    (thrown) => end(progress, failureOf(thrown)),
  );
}

function toReply({ outcome }: { readonly outcome: Outcome }): Reply {
  return replyFor(outcome);
}

/** What is known of a rejected delivery: headers that cannot be read are none. */
function rejectedOf({ headers, isRead, body }: Progress<unknown>): Rejected {
  try {
    return isRead ? { headers: headers.all, body } : { headers: headers.all };
  } catch {
    return {};
  }
}

/** When a delivery began to arrive. Whoever calls by hand may pass anything. */
function startOf(input: DeliveryInput<unknown> | undefined): number {
  return typeof input?.startedMs === 'number' ? input.startedMs : performance.now();
}

function checkMethod({ input }: Progress<unknown>): Refusal | undefined {
  return input.method === undefined || input.method === 'POST' ? undefined : methodNotAllowed;
}

const methodNotAllowed = new Refusal(
  'method_not_allowed',
  () => 'Webhooks are delivered with POST.',
  'A browser or a health check has asked for this path: there is nothing to correct, unless a redirect turned a POST into a GET.',
);

function readHeaders(progress: Progress<unknown>): undefined {
  progress.headers = arrivedHeaders(progress.input.headers);
}

function keepBody(progress: Progress<unknown>, body: Uint8Array): undefined {
  progress.body = body;
  progress.isRead = true;
}

/** Nothing goes on without a proof, whatever the steps before have done. */
function admit(progress: Progress<unknown>, provider: Provider): undefined {
  if (progress.proof === undefined) throw new TypeError('The delivery was not proven.');
  progress.owner = progress.proof.owner;
  progress.deliveryId = provider.deliveryId(progress.headers);
}

function failureOf(thrown: unknown): Refusal | Failure {
  if (thrown instanceof Refusal) return thrown;
  if (thrown instanceof WebhookError && isRejection(thrown.code)) return { code: thrown.code, toError: () => thrown };
  return { code: 'handler_failed', toError: () => unexpected(thrown) };
}
