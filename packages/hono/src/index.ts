/**
 * Verified, typed webhooks for Hono 4 on Node, Bun, Deno, Workers and every other runtime.
 *
 * @module
 */
import * as core from '@hookproof/core';
import { type BodyInput, requestBody } from '@hookproof/core/adapter';
import type { Context } from 'hono';

/**
 * Options of {@link webhooks}. The secret function gets Hono's context, and so do handlers where there is no inbox;
 * annotate it to type `c.env`. `I` is the inbox where there is one.
 */
export type HonoWebhookOptions<
  P extends core.Provider,
  C extends Context = Context,
  I extends core.Inbox | undefined = undefined,
> = core.WebhookOptions<P, C, I>;

/** A handler for one of Hono's routes. */
export type WebhookHandler<C extends Context = Context> = (c: C) => Promise<Response>;

/**
 * Receives a provider's webhooks in Hono.
 *
 * @returns a handler for `app.post`, or for `app.all` so that other methods are answered with 405
 * @throws WebhookError `invalid_options` when an option is wrong; the message names it and the fix
 *
 * @example
 * ```ts
 * import { gravv } from '@hookproof/core';
 * import { webhooks } from '@hookproof/hono';
 * import { Hono } from 'hono';
 *
 * const app = new Hono<{ Bindings: { GRAVV_SECRET: string } }>();
 * app.post('/webhooks/gravv', webhooks(gravv(), {
 *   secret: (c) => c.env.GRAVV_SECRET,
 *   on: { 'transfer.status.completed': ({ data }) => console.log(data.amount) },
 * }));
 * ```
 */
export function webhooks<
  const P extends core.Provider,
  C extends Context = Context,
  I extends core.Inbox | undefined = undefined,
>(provider: P, options: HonoWebhookOptions<P, C, I>): WebhookHandler<C> {
  const receiver = core.createReceiver<P, C, I>({ ...options, provider, framework: 'hono' });
  const handler = async (c: C): Promise<Response> => {
    const { method, headers } = c.req.raw;
    const reply = await receiver.receive({
      method,
      headers,
      body: rawBodyOf(c, receiver.limits.maxBodyBytes),
      request: c,
      waitUntil: (promise) => executionOf(c)?.waitUntil(promise),
    });
    // What is left of an upload would block a kept-alive connection of Node's.
    if (isUploading(c.env)) c.header('connection', 'close');
    return c.body(reply.body, reply.status, reply.headers);
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

/** Whether this is `@hono/node-server` over HTTP/1, and the body has not arrived whole. */
function isUploading(env: unknown): boolean {
  const incoming = property(env, 'incoming');
  return property(incoming, 'complete') === false && property(incoming, 'httpVersionMajor') === 1;
}

function property(value: unknown, name: string): unknown {
  return typeof value === 'object' && value !== null ? Reflect.get(value, name) : undefined;
}

/**
 * Whether this is `@hono/node-server` over HTTP/1 with a declared length: Node lets no such body grow beyond it, so
 * that it need not be counted. Reading it whole spares the making of a `Request` and of its stream.
 */
function isBounded({ req, env }: Context, maxBytes: number): boolean {
  const length = req.header('content-length') ?? '';
  if (!/^\d+$/.test(length) || Number(length) > maxBytes || req.raw.bodyUsed) return false;
  return property(property(env, 'incoming'), 'httpVersionMajor') === 1;
}

function rawBodyOf(c: Context, maxBytes: number): BodyInput {
  const { req } = c;
  // Hono keeps what it read: an ArrayBuffer is the bytes themselves, text and JSON no longer are.
  const kept = req.bodyCache.arrayBuffer;
  if (kept !== undefined) return async () => new Uint8Array(await kept);
  if (Object.keys(req.bodyCache).length === 0) {
    return isBounded(c, maxBytes) ? async () => new Uint8Array(await req.arrayBuffer()) : requestBody(req.raw);
  }
  return async () => {
    throw new core.WebhookError(
      'body_consumed',
      'The body was decoded before Hookproof, by c.req.json(), text(), parseBody() or a validator in an earlier middleware.',
      { fix: 'Put the webhooks route before it, or let it call c.req.arrayBuffer(), which keeps the bytes.' },
    );
  };
}

/** {@link webhooks} for Grantiva. */
export function grantivaWebhooks<C extends Context = Context, I extends core.Inbox | undefined = undefined>(
  options: HonoWebhookOptions<ReturnType<typeof core.grantiva>, C, I> & core.GrantivaOptions,
): WebhookHandler<C> {
  return webhooks(core.grantiva(options), options);
}

/** {@link webhooks} for Grantex. */
export function grantexWebhooks<C extends Context = Context, I extends core.Inbox | undefined = undefined>(
  options: HonoWebhookOptions<ReturnType<typeof core.grantex>, C, I> & core.GrantexOptions,
): WebhookHandler<C> {
  return webhooks(core.grantex(options), options);
}

/** {@link webhooks} for Gravv. */
export function gravvWebhooks<C extends Context = Context, I extends core.Inbox | undefined = undefined>(
  options: HonoWebhookOptions<ReturnType<typeof core.gravv>, C, I>,
): WebhookHandler<C> {
  return webhooks(core.gravv(), options);
}

/** {@link webhooks} for the Standard Webhooks specification. */
export function standardWebhooks<
  const Name extends string,
  Events extends core.EventSchemas = core.EventSchemas,
  C extends Context = Context,
  I extends core.Inbox | undefined = undefined,
>(
  options: HonoWebhookOptions<core.Provider<Name | 'standard-webhooks', Events>, C, I> &
    core.StandardWebhooksOptions<Name, Events>,
): WebhookHandler<C> {
  return webhooks(core.standardWebhooks(options), options);
}
