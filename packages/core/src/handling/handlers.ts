import { invalid } from '../error.ts';
import type { Delivery } from '../event/delivery.ts';
import type { EventFor, Pattern, WebhookEvent } from '../event/event.ts';
import { isBelow } from '../event/event.ts';
import type { Provider } from '../provider.ts';
import type { Complete, Inbox } from './inbox.ts';

/** A handler's second argument. `I` is the inbox where there is one, and undefined where there is none. */
export interface HandlerContext<Request = unknown, I extends Inbox | undefined = Inbox | undefined> {
  readonly delivery: Delivery;
  /** Whose secret proved the event, where the secret function said whose it is; what the event says of itself may be anyone's. */
  readonly owner: string | undefined;
  /** What makes two deliveries the same event, different for each owner; undefined where nothing tells. */
  readonly key: string | undefined;
  /** Aborts when `timeoutMs` is over, or the inbox closes. */
  readonly signal: AbortSignal;
  /**
   * The framework's own: Express's `req`, Fastify's `request`, Hono's context, the `Request` of `fetch`. Undefined with
   * an inbox, because the request was answered long ago.
   */
  readonly request: Request;
  /** Which attempt of the inbox it is, from 1; undefined without an inbox, where only the provider knows. */
  readonly attempt: I extends Inbox ? number : undefined;
  /** When the delivery arrived; with an inbox that may be long ago. */
  readonly receivedAt: Date;
  /**
   * Records the event as handled in a transaction of your own, so that what the handler writes and the record are
   * committed together or not at all. It needs an inbox in the same database: with `sqliteInbox` it takes the database
   * handle and returns nothing, with `postgresInbox` the client and returns a promise. With any other, and without one,
   * it takes `never`: a call does not compile.
   *
   * @throws WebhookError `invalid_options` without such an inbox, `lease_lost` where another worker has the delivery:
   *   let both roll the transaction back
   */
  readonly complete: I extends Inbox<infer C> ? C : Complete;
}

/**
 * The user's function for one event type or pattern. The delivery is handled when the promise it returns resolves.
 * `Request` is what it gets as `request`, `I` the inbox where there is one.
 */
export type Handler<Event, Request = unknown, I extends Inbox | undefined = Inbox | undefined> = (
  event: Event,
  context: HandlerContext<Request, I>,
) => unknown;

/**
 * Handlers by event type or pattern. All that match an event run in the order in which they are written. `Request` is
 * what they get as `request`, `I` the inbox where there is one.
 */
export type Handlers<P extends Provider, Request = unknown, I extends Inbox | undefined = Inbox | undefined> = {
  readonly [K in Pattern<P>]?:
    | Handler<EventFor<P, K>, Request, I>
    | readonly Handler<EventFor<P, K>, Request, I>[]
    | undefined;
};

/**
 * Refuses handlers for types that the provider does not have, in a message that names those that it has. `Types` are the
 * types and patterns that were given.
 */
export type KnownTypes<P extends Provider, Types extends string> = {
  // A name that is made when it runs is checked then.
  readonly [T in Types]?: string extends T ? unknown : T extends Pattern<P> ? unknown : NoSuchEvent<T, Similar<P, T>>;
};

/** What the compiler says of a handler for a type that the provider does not have: `Known` are types that it has. */
interface NoSuchEvent<Given extends string, Known extends string> {
  readonly given: Given;
  readonly known: Known;
}

/** The types and patterns that begin with the same word; where none does, the first words of all. */
type Similar<P extends Provider, T extends string> = [Extract<Pattern<P>, Below<T>>] extends [never]
  ? Extract<Pattern<P>, `${string}.*`> | Exclude<Pattern<P>, `${string}.${string}`>
  : Extract<Pattern<P>, Below<T>>;

type Below<T extends string> = T extends `${infer Word}.${string}` ? `${Word}.${string}` : never;

/** Finds the handlers for an event type. */
export type HandlerLookup<Request> = (type: string) => readonly Handler<WebhookEvent, Request>[];

/** Checks the `on` option; throws `invalid_options` for a type that the provider does not have, or no function. */
export function compileHandlers<Request>(provider: Provider, on: unknown): HandlerLookup<Request> {
  if (!isRecord(on)) {
    throw invalid(`on must be an object of handlers by event type, such as { '*': (event) => … }`);
  }
  const entries: [matches: (type: string) => boolean, handlers: readonly Handler<WebhookEvent, Request>[]][] = [];
  for (const [pattern, value] of Object.entries(on)) {
    if (value === undefined) continue;
    const handlers: readonly unknown[] = Array.isArray(value) ? value : [value];
    if (!handlers.every(isHandler<Request>))
      throw invalid(`on["${pattern}"] must be a function or a list of functions`);
    entries.push([matcher(provider, pattern), handlers]);
  }
  const find = (type: string) => entries.flatMap(([matches, handlers]) => (matches(type) ? handlers : []));
  const found = new Map<string, readonly Handler<WebhookEvent, Request>[]>();
  return (type) => {
    const known = found.get(type);
    if (known !== undefined) return known;
    const handlers = find(type);
    if (found.size < maxTypes) found.set(type, handlers);
    return handlers;
  };
}

/** Of how many types it is remembered which handlers they have. Types come from outside, so it must be bounded. */
const maxTypes = 256;

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null;
}

function matcher(provider: Provider, pattern: string): (type: string) => boolean {
  if (pattern === '*') return () => true;
  const types = provider.events && Object.keys(provider.events);
  if (pattern.endsWith('.*')) {
    const start = pattern.slice(0, -1);
    if (types === undefined) return (type) => isBelow(type, start);
    // Only declared types: the handler's `data` is typed as theirs. What the provider adds later goes to '*'.
    if (types.some((type) => isBelow(type, start)))
      return (type) => isBelow(type, start) && provider.schemaFor(type) !== undefined;
  } else if (types === undefined || provider.schemaFor(pattern) !== undefined) {
    return (type) => type === pattern;
  }
  throw invalid(
    `on["${pattern}"] is no event type of ${provider.name}: use one of ${types?.join(', ')}, a pattern such as "${types?.[0]?.split('.')[0]}.*", or "*", which also gets types that are not listed here`,
  );
}

// Type by type the handlers want different events; `matcher` is what makes sure that each gets only its own.
function isHandler<Request>(value: unknown): value is Handler<WebhookEvent, Request> {
  return typeof value === 'function';
}
