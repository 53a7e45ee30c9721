/**
 * Verified, typed webhooks for Express 4 and 5, Connect and plain `node:http`.
 *
 * @module
 */
import type { IncomingMessage, ServerResponse } from 'node:http';
import * as core from '@hookproof/core';
import { checkWebhookOptions, letGoOfUpload } from '@hookproof/core/adapter';
import { pathMatcher, rawBodyOf } from './request.ts';

/**
 * Options of {@link webhooks}. `Request` is what the secret function gets, and handlers where there is no inbox; `I` is
 * the inbox where there is one.
 */
export interface ExpressWebhookOptions<
  P extends core.Provider,
  Request extends IncomingMessage = IncomingMessage,
  I extends core.Inbox | undefined = undefined,
> extends core.WebhookOptions<P, Request, I> {
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
 * no `express.raw()`; everything that is not for its path goes on to `next`.
 *
 * @throws WebhookError `invalid_options` when an option is wrong; the message names it and the fix
 *
 * @example
 * ```ts
 * import { webhooks } from '@hookproof/express';
 * import { grantiva } from '@hookproof/core';
 * import express from 'express';
 *
 * const app = express();
 * app.use(webhooks(grantiva(), {
 *   secret: process.env.GRANTIVA_SECRET ?? '',
 *   on: { 'device.high_risk': ({ data }) => console.log(data.device_id, data.risk_score) },
 * }));
 * ```
 */
export function webhooks<
  const P extends core.Provider,
  Request extends IncomingMessage = IncomingMessage,
  I extends core.Inbox | undefined = undefined,
>(provider: P, options: ExpressWebhookOptions<P, Request, I>): WebhookMiddleware<Request> {
  checkWebhookOptions('webhooks', options, { path: true });
  const { path, ...ofReceiver } = options;
  const receiver = core.createReceiver<P, Request, I>({ ...ofReceiver, provider, framework: 'express' });
  const middleware: WebhookMiddleware<Request> = async (request, response, next) => {
    if (!answers(request)) {
      if (next !== undefined) return next();
      return void response.writeHead(404).end();
    }
    const { method, headers } = request;
    const reply = await receiver.receive({ method, headers, body: rawBodyOf(request), request });
    // A timeout of the app's own, or a handler, may have answered in the meantime.
    if (response.headersSent) return void request.resume();
    try {
      const close = letGoOfUpload(request) ? { connection: 'close' } : undefined;
      response.writeHead(reply.status, { ...reply.headers, ...close }).end(reply.body);
    } catch (error) {
      // The app has put something of its own around the response. Express 4 would let a rejected promise end the process.
      if (next !== undefined) return next(error);
      response.destroy();
    }
  };
  const answers = pathMatcher(path, `/webhooks/${provider.name}`, middleware);
  return Object.defineProperty(middleware, 'name', { value: `${provider.name}Webhooks` });
}

/** {@link webhooks} for Grantiva. */
export function grantivaWebhooks<
  Request extends IncomingMessage = IncomingMessage,
  I extends core.Inbox | undefined = undefined,
>(
  options: ExpressWebhookOptions<ReturnType<typeof core.grantiva>, Request, I> & core.GrantivaOptions,
): WebhookMiddleware<Request> {
  checkWebhookOptions('grantivaWebhooks', options, { path: true, key: true });
  const { key, ...rest } = options;
  return webhooks(core.grantiva({ key }), rest);
}

/** {@link webhooks} for Grantex. */
export function grantexWebhooks<
  Request extends IncomingMessage = IncomingMessage,
  I extends core.Inbox | undefined = undefined,
>(
  options: ExpressWebhookOptions<ReturnType<typeof core.grantex>, Request, I> & core.GrantexOptions,
): WebhookMiddleware<Request> {
  checkWebhookOptions('grantexWebhooks', options, { path: true, signature: true });
  const { signature, ...rest } = options;
  return webhooks(core.grantex({ signature }), rest);
}

/** {@link webhooks} for Gravv. */
export function gravvWebhooks<
  Request extends IncomingMessage = IncomingMessage,
  I extends core.Inbox | undefined = undefined,
>(options: ExpressWebhookOptions<ReturnType<typeof core.gravv>, Request, I>): WebhookMiddleware<Request> {
  checkWebhookOptions('gravvWebhooks', options, { path: true });
  return webhooks(core.gravv(), options);
}

/** {@link webhooks} for the Standard Webhooks specification. */
export function standardWebhooks<
  const Name extends string,
  Events extends core.EventSchemas = core.EventSchemas,
  Request extends IncomingMessage = IncomingMessage,
  I extends core.Inbox | undefined = undefined,
>(
  options: ExpressWebhookOptions<core.Provider<Name | 'standard-webhooks', Events>, Request, I> &
    core.StandardWebhooksOptions<Name, Events>,
): WebhookMiddleware<Request> {
  checkWebhookOptions('standardWebhooks', options, { path: true, name: true, events: true });
  const { name, events, ...rest } = options;
  return webhooks(core.standardWebhooks({ name, events }), rest);
}
