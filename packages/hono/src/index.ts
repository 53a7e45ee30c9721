/**
 * Verified, typed webhooks for Hono 4 on Node, Bun, Deno, Workers and every other runtime.
 *
 * @module
 */
import * as core from '@hookproof/core';
import {
  type BodyInput,
  type GivenOptions,
  type KnownTypes,
  letGoOfUpload,
  ownOptions,
  receiverOptions,
  requestBody,
} from '@hookproof/core/adapter';
import type { Context, Next } from 'hono';
import { incomingOf, incomingReader, isUntouched } from './node.ts';
import { isOwn404, Place } from './place.ts';

// One package is enough: apps need not have core among their own dependencies, and under pnpm could not import it.
export * from '@hookproof/core';

/**
 * Options of {@link webhooks}. The secret function gets Hono's context, and so do handlers where there is no inbox;
 * annotate it to type `c.env`. `I` is the inbox where there is one.
 */
export type HonoWebhookOptions<
  P extends core.Provider,
  C extends Context = Context,
  I extends core.Inbox | undefined = undefined,
> = core.WebhookOptions<P, C, I>;

/** A handler for one of Hono's routes, or middleware, which passes on with `next` what is not for it. */
export type WebhookHandler<C extends Context = Context> = (c: C, next?: Next) => Promise<Response | undefined>;

/**
 * Receives a provider's webhooks in Hono. In a route it answers what the route matches; as middleware, `app.use(…)`, its own
 * path alone, `/webhooks/<provider>`. Requests with other methods than POST go on to a route of the app's own on the
 * same path; where there is none, the reply is 405.
 *
 * @typeParam P the provider
 * @typeParam C what the secret function gets, and handlers where there is no inbox: annotate it there
 * @typeParam I the inbox where there is one
 * @typeParam Types the event types and patterns that `on` names
 * @returns a handler for `app.post`, for `app.all` so that other methods are answered with 405, or for `app.use`
 * @throws WebhookError `invalid_options` when an option is wrong; the message names it and the fix
 *
 * @example
 * ```ts
 * import { standardWebhooks, webhooks } from '@hookproof/hono';
 * import { Hono } from 'hono';
 *
 * const app = new Hono<{ Bindings: { CLERK_SECRET: string } }>();
 * app.post('/webhooks/clerk', webhooks(standardWebhooks({ name: 'clerk' }), {
 *   secret: (c) => c.env.CLERK_SECRET,
 *   on: { 'user.created': ({ envelope }) => console.log(envelope) },
 * }));
 * ```
 */
export function webhooks<
  const P extends core.Provider,
  C extends Context = Context,
  I extends core.Inbox | undefined = undefined,
  Types extends string = never,
>(provider: P, options: HonoWebhookOptions<P, C, I> & { readonly on: KnownTypes<P, Types> }): WebhookHandler<C> {
  const ofReceiver = receiverOptions('webhooks', options, {});
  const receiver = core.createReceiver<P, C, I>({ ...ofReceiver, provider, framework: 'hono' });
  const answer = async (c: C): Promise<Response> => {
    const incoming = incomingOf(c);
    const isDirect = incoming !== undefined && isUntouched(incoming, c);
    const reply = await receiver.receive({
      method: c.req.method,
      headers: isDirect ? incoming.headers : c.req.raw.headers,
      body: isDirect ? incomingReader(incoming, c) : rawBodyOf(c),
      request: c,
      waitUntil: (promise) => executionOf(c)?.waitUntil(promise),
    });
    if (incoming !== undefined && letGoOfUpload(incoming)) c.header('connection', 'close');
    return c.body(reply.body, reply.status, reply.headers);
  };
  const place = new Place(provider);
  const handler: WebhookHandler<C> = async (c, next) => {
    if (next === undefined) return answer(c);
    if (!place.isFor(c)) await place.passOn(c, next);
    else if (c.req.method === 'POST') return answer(c);
    else {
      await next();
      if (c.res.status === 404 && !isOwn404(c)) c.res = await answer(c);
    }
    return undefined;
  };
  return Object.defineProperty(handler, 'name', { value: `${provider.name}Webhooks` });
}

/** The context of Workers and the like, which lets work go on after the reply. */
function executionOf(c: Context): Context['executionCtx'] | undefined {
  try {
    return c.executionCtx;
  } catch {
    // Hono's way to say that the runtime has none.
    return undefined;
  }
}

function rawBodyOf({ req }: Context): BodyInput {
  // Hono keeps what it read: an ArrayBuffer is the bytes themselves, text and JSON no longer are.
  const kept = req.bodyCache.arrayBuffer;
  if (kept !== undefined) return async () => new Uint8Array(await kept);
  if (Object.keys(req.bodyCache).length === 0) return requestBody(req.raw);
  return async () => {
    throw new core.WebhookError(
      'body_consumed',
      'The body was decoded before Hookproof, by c.req.json(), text(), parseBody() or a validator in an earlier middleware.',
      { fix: 'Put the webhooks route before it, or let it call c.req.arrayBuffer(), which keeps the bytes.' },
    );
  };
}

/**
 * Receives webhooks of Grantiva in Hono: {@link webhooks} for Grantiva.
 *
 * @typeParam C what the secret function gets, and handlers where there is no inbox. Beside it nothing is inferred: give
 *   `inbox` by a name then, and its type as `I` where handlers call `complete`
 * @typeParam I the inbox where there is one
 * @typeParam Types the event types and patterns that `on` names
 * @returns a handler for `app.post`, for `app.all` so that other methods are answered with 405, or for `app.use`
 * @throws WebhookError `invalid_options` when an option is wrong; the message names it and the fix
 *
 * @example
 * ```ts
 * import { grantivaWebhooks } from '@hookproof/hono';
 * import { Hono } from 'hono';
 *
 * const app = new Hono<{ Bindings: { GRANTIVA_SECRET: string } }>();
 * app.post('/webhooks/grantiva', grantivaWebhooks({
 *   secret: (c) => c.env.GRANTIVA_SECRET,
 *   on: { 'device.high_risk': ({ data }) => console.log(data.device_id, data.risk_score) },
 * }));
 * ```
 */
export function grantivaWebhooks<
  C extends Context = Context,
  I extends core.Inbox | undefined = undefined,
  Types extends string = never,
>(options: GivenOptions<core.Grantiva, C, I, Types> & core.GrantivaOptions): WebhookHandler<C>;
export function grantivaWebhooks<C extends Context, I extends core.Inbox | undefined>(
  options: HonoWebhookOptions<core.Grantiva, C, I> & core.GrantivaOptions,
): WebhookHandler<C> {
  const rest = receiverOptions('grantivaWebhooks', options, { key: true });
  return webhooks<core.Grantiva, C, I>(core.grantiva({ key: ownOptions(options).key }), rest);
}

/**
 * Receives webhooks of Grantex in Hono: {@link webhooks} for Grantex.
 *
 * @typeParam C what the secret function gets, and handlers where there is no inbox. Beside it nothing is inferred: give
 *   `inbox` by a name then, and its type as `I` where handlers call `complete`
 * @typeParam I the inbox where there is one
 * @typeParam Types the event types and patterns that `on` names
 * @returns a handler for `app.post`, for `app.all` so that other methods are answered with 405, or for `app.use`
 * @throws WebhookError `invalid_options` when an option is wrong; the message names it and the fix
 *
 * @example
 * ```ts
 * import { grantexWebhooks } from '@hookproof/hono';
 * import { Hono } from 'hono';
 *
 * const app = new Hono<{ Bindings: { GRANTEX_SECRET: string } }>();
 * app.post('/webhooks/grantex', grantexWebhooks({
 *   secret: (c) => c.env.GRANTEX_SECRET,
 *   on: { 'grant.revoked': ({ data }) => console.log(data.grantId, data.cascade) },
 * }));
 * ```
 */
export function grantexWebhooks<
  C extends Context = Context,
  I extends core.Inbox | undefined = undefined,
  Types extends string = never,
>(options: GivenOptions<core.Grantex, C, I, Types> & core.GrantexOptions): WebhookHandler<C>;
export function grantexWebhooks<C extends Context, I extends core.Inbox | undefined>(
  options: HonoWebhookOptions<core.Grantex, C, I> & core.GrantexOptions,
): WebhookHandler<C> {
  const rest = receiverOptions('grantexWebhooks', options, { signature: true });
  return webhooks<core.Grantex, C, I>(core.grantex({ signature: ownOptions(options).signature }), rest);
}

/**
 * Receives webhooks of Gravv in Hono: {@link webhooks} for Gravv.
 *
 * @typeParam C what the secret function gets, and handlers where there is no inbox. Beside it nothing is inferred: give
 *   `inbox` by a name then, and its type as `I` where handlers call `complete`
 * @typeParam I the inbox where there is one
 * @typeParam Types the event types and patterns that `on` names
 * @returns a handler for `app.post`, for `app.all` so that other methods are answered with 405, or for `app.use`
 * @throws WebhookError `invalid_options` when an option is wrong; the message names it and the fix
 *
 * @example
 * ```ts
 * import { gravvWebhooks } from '@hookproof/hono';
 * import { Hono } from 'hono';
 *
 * const app = new Hono<{ Bindings: { GRAVV_SECRET: string } }>();
 * app.post('/webhooks/gravv', gravvWebhooks({
 *   secret: (c) => c.env.GRAVV_SECRET,
 *   on: { 'transfer.status.completed': ({ data }) => console.log(data.amount) },
 * }));
 * ```
 */
export function gravvWebhooks<
  C extends Context = Context,
  I extends core.Inbox | undefined = undefined,
  Types extends string = never,
>(options: GivenOptions<core.Gravv, C, I, Types>): WebhookHandler<C>;
export function gravvWebhooks<C extends Context, I extends core.Inbox | undefined>(
  options: HonoWebhookOptions<core.Gravv, C, I>,
): WebhookHandler<C> {
  return webhooks<core.Gravv, C, I>(core.gravv(), receiverOptions('gravvWebhooks', options, {}));
}
