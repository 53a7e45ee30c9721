/**
 * Verified, typed webhooks for Hono 4 on Node, Bun, Deno, Workers and every other runtime.
 *
 * @module
 */
import * as core from '@hookproof/core';
import type { Context, Env, Handler } from 'hono';

/** Options of {@link webhooks}. Handlers and the secret function get Hono's context. */
export type HonoWebhookOptions<P extends core.Provider, E extends Env = Env> = core.WebhookOptions<P, Context<E>>;

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
export function webhooks<const P extends core.Provider, E extends Env = Env>(
  provider: P,
  options: HonoWebhookOptions<P, E>,
): Handler<E> {
  const receiver = core.createReceiver<P, Context<E>>({ ...options, provider, framework: 'hono' });
  const handler = async (c: Context<E>): Promise<Response> => {
    const { method, headers } = c.req.raw;
    const reply = await receiver.receive({ method, headers, body: rawBodyOf(c), request: c });
    return c.body(reply.body, reply.status, reply.headers);
  };
  return Object.defineProperty(handler, 'name', { value: `${provider.name}Webhooks` });
}

function rawBodyOf({ req }: Context): core.BodyInput {
  // Hono keeps what it read: an ArrayBuffer is the bytes themselves, text and JSON no longer are.
  const kept = req.bodyCache.arrayBuffer;
  if (kept !== undefined) return async () => new Uint8Array(await kept);
  if (Object.keys(req.bodyCache).length === 0) return core.requestBody(req.raw);
  return async () => {
    throw new core.WebhookError(
      'body_consumed',
      'The body was decoded before Hookproof, by c.req.json(), text(), parseBody() or a validator in an earlier middleware. Put the webhooks route before it, or let it call c.req.arrayBuffer(), which keeps the bytes.',
    );
  };
}

/** {@link webhooks} for Grantiva. */
export function grantivaWebhooks<E extends Env = Env>(
  options: HonoWebhookOptions<ReturnType<typeof core.grantiva>, E> & core.GrantivaOptions,
): Handler<E> {
  return webhooks(core.grantiva(options), options);
}

/** {@link webhooks} for Grantex. */
export function grantexWebhooks<E extends Env = Env>(
  options: HonoWebhookOptions<ReturnType<typeof core.grantex>, E> & core.GrantexOptions,
): Handler<E> {
  return webhooks(core.grantex(options), options);
}

/** {@link webhooks} for Gravv. */
export function gravvWebhooks<E extends Env = Env>(
  options: HonoWebhookOptions<ReturnType<typeof core.gravv>, E>,
): Handler<E> {
  return webhooks(core.gravv(), options);
}

/** {@link webhooks} for the Standard Webhooks specification. */
export function standardWebhooks<
  const Name extends string,
  Events extends core.EventSchemas = core.EventSchemas,
  E extends Env = Env,
>(
  options: HonoWebhookOptions<core.Provider<Name | 'standard-webhooks', Events>, E> &
    core.StandardWebhooksOptions<Name, Events>,
): Handler<E> {
  return webhooks(core.standardWebhooks(options), options);
}
