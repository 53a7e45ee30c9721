/**
 * Verified, typed webhooks for Express 4 and 5, Connect and plain `node:http`.
 *
 * @module
 */
import type { IncomingMessage, ServerResponse } from 'node:http';
import * as core from '@hookproof/core';
import {
  type GivenOptions,
  type KnownTypes,
  letGoOfUpload,
  ownOptions,
  receiverOptions,
} from '@hookproof/core/adapter';
import { rawBodyOf } from './body.ts';
import { appFirst } from './others.ts';
import { Place } from './place.ts';

// One package is enough: apps need not have core among their own dependencies, and under pnpm could not import it.
export * from '@hookproof/core';

/**
 * Options of {@link webhooks}. `Request` is what the secret function gets, and handlers where there is no inbox; `I` is
 * the inbox where there is one.
 */
export type ExpressWebhookOptions<
  P extends core.Provider,
  Request extends IncomingMessage = IncomingMessage,
  I extends core.Inbox | undefined = undefined,
> = core.WebhookOptions<P, Request, I> & PathOption;

interface PathOption {
  /**
   * Path to answer, below the mount point. Without it: what the middleware is mounted on or is the route handler of,
   * and `/webhooks/<provider>` at the root of an app.
   */
  readonly path?: string | undefined;
}

/** Express and Connect middleware, a route handler, or a listener for `node:http`. */
export type WebhookMiddleware<Request extends IncomingMessage = IncomingMessage> = (
  request: Request,
  response: ServerResponse,
  next?: (error?: unknown) => void,
) => Promise<void>;

/**
 * Receives a provider's webhooks in Express. It reads the body itself, so it works before `express.json()` and needs
 * no `express.raw()`; everything that is not for its path goes on to `next`. Requests with other methods
 * than POST do too: a route of the app's own on the same path answers them, and where there is none, the reply is 405.
 *
 * @typeParam P the provider
 * @typeParam Request what the secret function gets, and handlers where there is no inbox: annotate it there
 * @typeParam I the inbox where there is one
 * @typeParam Types the event types and patterns that `on` names
 * @throws WebhookError `invalid_options` when an option is wrong; the message names it and the fix
 *
 * @example
 * ```ts
 * import { standardWebhooks, webhooks } from '@hookproof/express';
 * import express from 'express';
 *
 * const app = express();
 * app.use(webhooks(standardWebhooks({ name: 'clerk' }), {
 *   secret: process.env.CLERK_SECRET ?? '',
 *   on: { 'user.created': ({ envelope }) => console.log(envelope) },
 * }));
 * ```
 */
export function webhooks<
  const P extends core.Provider,
  Request extends IncomingMessage = IncomingMessage,
  I extends core.Inbox | undefined = undefined,
  Types extends string = never,
>(
  provider: P,
  options: ExpressWebhookOptions<P, Request, I> & { readonly on: KnownTypes<P, Types> },
): WebhookMiddleware<Request> {
  const ofReceiver = receiverOptions('webhooks', options, { path: true });
  const receiver = core.createReceiver<P, Request, I>({ ...ofReceiver, provider, framework: 'express' });
  const answer = async (request: Request, response: ServerResponse) => {
    const { method, headers } = request;
    const reply = await receiver.receive({ method, headers, body: rawBodyOf(request), request });
    // A timeout of the app's own, or a handler, may have answered in the meantime.
    if (response.headersSent) return void letGoOfUpload(request);
    // Without a length Node would send each reply in chunks. All of it is ASCII.
    const length = { 'content-length': reply.body.length };
    const close = letGoOfUpload(request) ? { connection: 'close' } : undefined;
    response.writeHead(reply.status, { ...reply.headers, ...length, ...close }).end(reply.body);
  };
  const middleware: WebhookMiddleware<Request> = async (request, response, next) => {
    // The app may have put something of its own around either. Express 4 would let a rejected promise end the process.
    const fail = (error: unknown) => void (next === undefined ? response.destroy() : next(error));
    try {
      if (!place.isFor(request)) {
        if (next === undefined) return void response.writeHead(404).end();
        place.passedOn(request, response);
      } else if (request.method === 'POST' || next === undefined) {
        return await answer(request, response);
      } else {
        appFirst(request, response, () => void answer(request, response).catch(fail));
      }
    } catch (error) {
      return fail(error);
    }
    next();
  };
  const place = new Place(provider, ownOptions(options).path, middleware);
  return Object.defineProperty(middleware, 'name', { value: `${provider.name}Webhooks` });
}

/**
 * Receives webhooks of Grantiva in Express: {@link webhooks} for Grantiva.
 *
 * @typeParam Request what the secret function gets, and handlers where there is no inbox. Beside it nothing is inferred:
 *   give `inbox` by a name then, and its type as `I` where handlers call `complete`
 * @typeParam I the inbox where there is one
 * @typeParam Types the event types and patterns that `on` names
 * @throws WebhookError `invalid_options` when an option is wrong; the message names it and the fix
 *
 * @example
 * ```ts
 * import { grantivaWebhooks } from '@hookproof/express';
 * import express from 'express';
 *
 * const app = express();
 * app.use(grantivaWebhooks({
 *   secret: process.env.GRANTIVA_SECRET ?? '',
 *   on: { 'device.high_risk': ({ data }) => console.log(data.device_id, data.risk_score) },
 * }));
 * ```
 */
export function grantivaWebhooks<
  Request extends IncomingMessage = IncomingMessage,
  I extends core.Inbox | undefined = undefined,
  Types extends string = never,
>(
  options: GivenOptions<core.Grantiva, Request, I, Types> & PathOption & core.GrantivaOptions,
): WebhookMiddleware<Request>;
export function grantivaWebhooks<Request extends IncomingMessage, I extends core.Inbox | undefined>(
  options: ExpressWebhookOptions<core.Grantiva, Request, I> & core.GrantivaOptions,
): WebhookMiddleware<Request> {
  const rest = receiverOptions('grantivaWebhooks', options, { key: true }, { path: true });
  return webhooks<core.Grantiva, Request, I>(core.grantiva({ key: ownOptions(options).key }), rest);
}

/**
 * Receives webhooks of Grantex in Express: {@link webhooks} for Grantex.
 *
 * @typeParam Request what the secret function gets, and handlers where there is no inbox. Beside it nothing is inferred:
 *   give `inbox` by a name then, and its type as `I` where handlers call `complete`
 * @typeParam I the inbox where there is one
 * @typeParam Types the event types and patterns that `on` names
 * @throws WebhookError `invalid_options` when an option is wrong; the message names it and the fix
 *
 * @example
 * ```ts
 * import { grantexWebhooks } from '@hookproof/express';
 * import express from 'express';
 *
 * const app = express();
 * app.use(grantexWebhooks({
 *   secret: process.env.GRANTEX_SECRET ?? '',
 *   on: { 'grant.revoked': ({ data }) => console.log(data.grantId, data.cascade) },
 * }));
 * ```
 */
export function grantexWebhooks<
  Request extends IncomingMessage = IncomingMessage,
  I extends core.Inbox | undefined = undefined,
  Types extends string = never,
>(
  options: GivenOptions<core.Grantex, Request, I, Types> & PathOption & core.GrantexOptions,
): WebhookMiddleware<Request>;
export function grantexWebhooks<Request extends IncomingMessage, I extends core.Inbox | undefined>(
  options: ExpressWebhookOptions<core.Grantex, Request, I> & core.GrantexOptions,
): WebhookMiddleware<Request> {
  const rest = receiverOptions('grantexWebhooks', options, { signature: true }, { path: true });
  return webhooks<core.Grantex, Request, I>(core.grantex({ signature: ownOptions(options).signature }), rest);
}

/**
 * Receives webhooks of Gravv in Express: {@link webhooks} for Gravv.
 *
 * @typeParam Request what the secret function gets, and handlers where there is no inbox. Beside it nothing is inferred:
 *   give `inbox` by a name then, and its type as `I` where handlers call `complete`
 * @typeParam I the inbox where there is one
 * @typeParam Types the event types and patterns that `on` names
 * @throws WebhookError `invalid_options` when an option is wrong; the message names it and the fix
 *
 * @example
 * ```ts
 * import { gravvWebhooks } from '@hookproof/express';
 * import express from 'express';
 *
 * const app = express();
 * app.use(gravvWebhooks({
 *   secret: process.env.GRAVV_SECRET ?? '',
 *   on: { 'transfer.status.completed': ({ data }) => console.log(data.amount) },
 * }));
 * ```
 */
export function gravvWebhooks<
  Request extends IncomingMessage = IncomingMessage,
  I extends core.Inbox | undefined = undefined,
  Types extends string = never,
>(options: GivenOptions<core.Gravv, Request, I, Types> & PathOption): WebhookMiddleware<Request>;
export function gravvWebhooks<Request extends IncomingMessage, I extends core.Inbox | undefined>(
  options: ExpressWebhookOptions<core.Gravv, Request, I>,
): WebhookMiddleware<Request> {
  return webhooks<core.Gravv, Request, I>(core.gravv(), receiverOptions('gravvWebhooks', options, {}, { path: true }));
}
