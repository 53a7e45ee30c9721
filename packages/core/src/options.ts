import { invalid } from './error.ts';
import type { EventOf } from './event/event.ts';
import type { ClaimStore } from './handling/claims.ts';
import type { Handlers, KnownTypes } from './handling/handlers.ts';
import { type Inbox, isInbox } from './handling/inbox.ts';
import { checkNames, type OptionNames } from './option-names.ts';
import type { SecretOption } from './proof/secret.ts';
import type { Provider } from './provider.ts';
import type { OnOutcome, Wrap } from './report/outcome.ts';

/** What handlers get as `request`: with an inbox nothing, because the request was answered long ago. */
export type HandlerRequest<Request, I extends Inbox | undefined> = I extends undefined ? Request : undefined;

/** All options, but for the secret, which only a receiver with an inbox may lack. */
export interface SharedOptions<P extends Provider, Request, I extends Inbox | undefined> {
  /** Handlers by event type (`device.high_risk`), pattern (`device.*`), or `*` for everything. */
  readonly on: Handlers<P, HandlerRequest<Request, I>, I>;
  /** Largest body in bytes; 1 MiB by default. */
  readonly maxBodyBytes?: number | undefined;
  /** Milliseconds in which the whole body must have arrived; 10,000 by default. */
  readonly bodyTimeoutMs?: number | undefined;
  /** Seconds that a signed timestamp may be away from now, in both directions; the scheme's own by default (300). */
  readonly toleranceSeconds?: number | undefined;
  /**
   * Seconds that an event's own signed time may be past; by default it may be any time ago. What signs no time of the
   * delivery itself (Grantiva, Gravv, Grantex V1) can be sent again by whoever has captured it: this ends that where what is
   * remembered of events ends. It must be longer than the provider tries again. An event without a time is not refused.
   */
  readonly maxEventAgeSeconds?: number | undefined;
  /**
   * Milliseconds that all handlers of a delivery have together, or the inbox to store it: 8,000 by default, or four
   * fifths of what the provider waits where that is less. It must be below what the provider waits.
   */
  readonly timeoutMs?: number | undefined;
  /**
   * Stores deliveries before the reply and hands them to the handlers after it, with retries; without one the handlers
   * run before the reply. Receivers of one inbox work in every process that makes them.
   */
  readonly inbox?: I;
  /**
   * What the inbox, or a claims store that receivers share, knows this receiver by, the same in every process; the
   * provider's name by default. Two receivers of one provider need one each.
   */
  readonly receiverName?: string | undefined;
  /**
   * Events for which it returns the same text are handled one at a time in the order of their arrival, others side by
   * side; undefined is no lane. An event whose data does not fit its type has no lane. It needs an inbox that keeps
   * order, such as `sqliteInbox` or `postgresInbox`.
   */
  readonly lane?: (I extends InboxWithoutLanes | undefined ? undefined : Lane<P>) | undefined;
  /** Where handled events are remembered without an inbox; this process's memory by default, `false` to handle every delivery. */
  readonly dedupe?: (I extends Inbox ? undefined : false | ClaimStore) | undefined;
  /**
   * Called once per delivery and once per attempt of the inbox, for logs and metrics. Without it, failures of the server's own go to `console.error`, and
   * in development the diagnosis of rejections to `console.warn`.
   */
  readonly onOutcome?: OnOutcome<Request | HandlerRequest<Request, I>> | undefined;
  /** Wraps the whole way of each delivery, and of each attempt of the inbox, for tracing. */
  readonly wrap?: Wrap | undefined;
  /** The clock, in milliseconds since 1970; `Date.now` by default. */
  readonly now?: (() => number) | undefined;
}

type InboxWithoutLanes = Inbox & { readonly lanes: false };

type Lane<P extends Provider> = (event: EventOf<P>) => string | undefined;

/**
 * What a receiver of any framework can be told. `Request` is the framework's own request or context, `I` the inbox where
 * there is one.
 */
export type WebhookOptions<
  P extends Provider,
  Request = unknown,
  I extends Inbox | undefined = undefined,
> = SharedOptions<P, Request, I> & NeededOptions<Request, I>;

type NeededOptions<Request, I extends Inbox | undefined> = [I] extends [Inbox]
  ? {
      readonly inbox: I;
      /**
       * The signing secret: one, a list in the order to try while it is rotated, or a function of the request. A process
       * that only works leaves it out: what is delivered to it all the same is answered with 503 `secret_unavailable`.
       */
      readonly secret?: SecretOption<Request>;
    }
  : {
      /** The signing secret: one, a list in the order to try while it is rotated, or a function of the request. */
      readonly secret: SecretOption<Request>;
    };

/**
 * The options of a function for one provider, such as `grantexWebhooks`. `I` is the inbox where there is one, `Types` the
 * event types and patterns that `on` names: both are inferred. Beside a type argument for `Request` TypeScript infers
 * nothing: then there may be an inbox of which nothing more is known.
 */
export type GivenOptions<P extends Provider, Request, I extends Inbox | undefined, Types extends string> = [
  Types,
  I,
] extends [never, undefined]
  ? WebhookOptions<P, Request> | WebhookOptions<P, Request, Inbox>
  : WebhookOptions<P, Request, I> & { readonly on: KnownTypes<P, Types> };

const names: OptionNames<SharedOptions<Provider, unknown, undefined> & { secret: unknown; inbox: unknown }> = {
  secret: true,
  on: true,
  maxBodyBytes: true,
  bodyTimeoutMs: true,
  toleranceSeconds: true,
  maxEventAgeSeconds: true,
  timeoutMs: true,
  inbox: true,
  receiverName: true,
  lane: true,
  dedupe: true,
  onOutcome: true,
  wrap: true,
  now: true,
};

/**
 * Checks that the options of an adapter have no name but those of every receiver, of the adapter's own, and of the
 * provider's own.
 *
 * @param of the function whose options they are
 * @param own names that the receiver does not know; they are taken away
 * @param passedOn names that it does not know either, and that another function takes away
 * @returns the options for the receiver
 * @throws WebhookError `invalid_options` with the name that was given, and the nearest one that there is, or all of them
 */
export function receiverOptions<Options extends object>(
  of: string,
  options: Options,
  own: Readonly<Record<string, true>>,
  passedOn: Readonly<Record<string, true>> = {},
): Options {
  const rest = checkNames<object>(of, options, { ...names, ...own, ...passedOn });
  for (const name of Object.keys(own)) Reflect.deleteProperty(rest, name);
  return rest as Options;
}

/** Times and sizes, each within its bounds. */
export interface Limits {
  readonly maxBodyBytes: number;
  readonly bodyTimeoutMs: number;
  readonly toleranceSeconds: number | undefined;
  readonly maxEventAgeSeconds: number | undefined;
  readonly timeoutMs: number;
}

/** Checks that a provider was made, and not only described or named; throws `invalid_options`. */
export function checkProvider(provider: Provider): void {
  if (typeof provider === 'object' && provider !== null && typeof provider.schemaFor === 'function') return;
  throw invalid('provider must be what a factory returns: grantex() and not grantex, or the result of defineProvider');
}

/** Checks the options that need no other step's knowledge; throws `invalid_options` with the option's name. */
export function checkOptions(
  provider: Provider,
  options: { readonly [K in keyof WebhookOptions<Provider>]?: unknown },
): Limits {
  checkProvider(provider);
  const given: typeof options = checkNames<object>('createReceiver', options, {
    ...names,
    provider: true,
    framework: true,
  });
  const { toleranceSeconds, maxEventAgeSeconds, onOutcome, wrap, now, dedupe } = given;
  if (onOutcome !== undefined && typeof onOutcome !== 'function') throw invalid('onOutcome must be a function');
  if (wrap !== undefined && typeof wrap !== 'function') throw invalid('wrap must be a function');
  if (now !== undefined && typeof now !== 'function') throw invalid('now must be a function, such as Date.now');
  if (dedupe !== undefined && dedupe !== false && !isClaimStore(dedupe)) {
    throw invalid('dedupe must be false, or a store with a claim function, such as memoryClaims()');
  }
  if (maxEventAgeSeconds !== undefined && typeof provider.envelope.timestamp === 'object') {
    throw invalid(`maxEventAgeSeconds needs a signed time, and ${provider.name} has it in a header`);
  }
  checkInbox(given, provider);
  const waits = provider.timeoutMs ?? Number.POSITIVE_INFINITY;
  const timeoutMs = positive('timeoutMs', given.timeoutMs ?? Math.min(8_000, waits * 0.8), 'milliseconds');
  if (timeoutMs >= waits) {
    throw invalid(`timeoutMs is ${timeoutMs}, but ${provider.name} waits only ${waits} ms for a reply: choose less`);
  }
  return {
    maxBodyBytes: positive('maxBodyBytes', given.maxBodyBytes ?? 1024 * 1024, 'bytes'),
    bodyTimeoutMs: positive('bodyTimeoutMs', given.bodyTimeoutMs ?? 10_000, 'milliseconds'),
    toleranceSeconds: seconds('toleranceSeconds', toleranceSeconds),
    maxEventAgeSeconds: seconds('maxEventAgeSeconds', maxEventAgeSeconds),
    timeoutMs,
  };
}

function checkInbox(options: { readonly [K in keyof WebhookOptions<Provider>]?: unknown }, provider: Provider): void {
  const { inbox, receiverName = provider.name, lane } = options;
  if (typeof receiverName !== 'string' || !/^[A-Za-z0-9_-]{1,64}$/.test(receiverName)) {
    throw invalid('receiverName must be 1 to 64 letters, digits, dashes and underscores');
  }
  if (inbox === undefined) {
    if (lane !== undefined)
      throw invalid('lane needs an inbox that keeps the order: give inbox as well, or leave it out');
    return;
  }
  if (!isInbox(inbox))
    throw invalid('inbox must be what sqliteInbox, postgresInbox, redisInbox or memoryInbox returns');
  inbox.way.check(inbox, options, provider);
}

function isClaimStore(value: unknown): value is ClaimStore {
  return typeof value === 'object' && value !== null && 'claim' in value && typeof value.claim === 'function';
}

// Node's timers turn anything above 2^31-1 into 1 ms.
const maxTimer = 2 ** 31 - 1;

function seconds(option: string, value: unknown): number | undefined {
  return value === undefined ? undefined : positive(option, value, 'seconds');
}

function positive(option: string, value: unknown, unit: string): number {
  if (typeof value === 'number' && value > 0 && value <= maxTimer) return value;
  throw invalid(`${option} must be a number of ${unit} above 0 and at most ${maxTimer}`);
}
