/**
 * Verified, typed webhooks for Hono 4 on Node, Bun, Deno, Workers and every other runtime.
 *
 * @module
 */
import * as core from '@hookproof/core';
import { type BodyInput, checkWebhookOptions, letGoOfUpload, requestBody } from '@hookproof/core/adapter';
import type { Context } from 'hono';
import { incomingOf, incomingReader, isUntouched } from './node.ts';

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
  checkWebhookOptions('webhooks', options, {});
  const receiver = core.createReceiver<P, C, I>({ ...options, provider, framework: 'hono' });
  const handler = async (c: C): Promise<Response> => {
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

/** {@link webhooks} for Grantiva. */
export function grantivaWebhooks<C extends Context = Context, I extends core.Inbox | undefined = undefined>(
  options: HonoWebhookOptions<ReturnType<typeof core.grantiva>, C, I> & core.GrantivaOptions,
): WebhookHandler<C> {
  checkWebhookOptions('grantivaWebhooks', options, { key: true });
  const { key, ...rest } = options;
  return webhooks(core.grantiva({ key }), rest);
}

/** {@link webhooks} for Grantex. */
export function grantexWebhooks<C extends Context = Context, I extends core.Inbox | undefined = undefined>(
  options: HonoWebhookOptions<ReturnType<typeof core.grantex>, C, I> & core.GrantexOptions,
): WebhookHandler<C> {
  checkWebhookOptions('grantexWebhooks', options, { signature: true });
  const { signature, ...rest } = options;
  return webhooks(core.grantex({ signature }), rest);
}

/** {@link webhooks} for Gravv. */
export function gravvWebhooks<C extends Context = Context, I extends core.Inbox | undefined = undefined>(
  options: HonoWebhookOptions<ReturnType<typeof core.gravv>, C, I>,
): WebhookHandler<C> {
  checkWebhookOptions('gravvWebhooks', options, {});
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
  checkWebhookOptions('standardWebhooks', options, { name: true, events: true });
  const { name, events, ...rest } = options;
  return webhooks(core.standardWebhooks({ name, events }), rest);
}
