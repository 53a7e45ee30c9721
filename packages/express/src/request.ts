import type { IncomingMessage } from 'node:http';
import { WebhookError } from '@hookproof/core';
import { type BodyInput, nodeBody } from '@hookproof/core/adapter';

/** What Express, Connect and the platforms below them add to a request. */
export interface ExpressRequest extends IncomingMessage {
  readonly originalUrl?: string;
  readonly route?: { readonly stack?: readonly Layer[] };
  readonly app?: { readonly _router?: Layers; readonly router?: Layers };
  readonly body?: unknown;
  /** Raw bytes kept by Firebase, Google Cloud Functions, or a `verify` callback of `express.json()`. */
  readonly rawBody?: unknown;
}

/** What Express's routers hold, as far as it tells where a middleware stands. */
interface Layer {
  readonly handle?: Layers;
  /** Express 5: the middleware was added without a path. */
  readonly slash?: boolean;
  /** Express 4: the same. */
  readonly regexp?: { readonly fast_slash?: boolean };
}

interface Layers {
  readonly stack?: readonly Layer[];
}

/** Bytes that somebody kept, else a reader of the stream; where the bytes are gone, a reader that says who took them. */
export function rawBodyOf(request: ExpressRequest): BodyInput {
  return nodeBody(request, [request.rawBody, request.body], () => bodyConsumed(request));
}

function bodyConsumed(request: ExpressRequest): WebhookError {
  return new WebhookError('body_consumed', `The raw body was read before Hookproof, by ${parserOf(request)}.`, {
    fix: 'Mount the webhooks middleware before it (in an API route of Next.js: export const config = { api: { bodyParser: false } }), or keep the bytes: express.json({ verify: (req, _res, bytes) => { req.rawBody = bytes } }).',
  });
}

function parserOf({ body, rawBody, headers }: ExpressRequest): string {
  const type = headers['content-type'] ?? '';
  if (typeof rawBody === 'string') return 'something that kept it as a string in req.rawBody, where a Buffer is needed';
  if (typeof body === 'string') return 'a text parser such as express.text()';
  if (typeof body !== 'object' || body === null) return 'a middleware that reads the request stream';
  if (type.startsWith('application/x-www-form-urlencoded')) return 'a form parser such as express.urlencoded()';
  return 'a JSON parser such as express.json()';
}

/**
 * Whether a request is for the middleware. Inside a route it always is; otherwise the path that is left below the mount
 * point decides.
 */
export function pathMatcher(
  path: string | undefined,
  atRoot: string,
  middleware: unknown,
): (request: ExpressRequest) => boolean {
  if (path !== undefined && !path.startsWith('/')) {
    throw new WebhookError('invalid_options', `path must start with "/", but is "${path}".`);
  }
  return (request) => {
    const here = pathOf(request.url);
    if (path !== undefined) return same(here, path);
    // Express leaves the route of an earlier match on the request, so it counts only if the middleware is in it.
    if (request.route?.stack?.some(({ handle }) => handle === middleware)) return true;
    return same(here, atRoot) || (here === '/' && isMounted(request, middleware));
  };
}

/** Whether the middleware itself was given a path, and not only the router or app around it. */
function isMounted({ app, originalUrl, url }: ExpressRequest, middleware: unknown): boolean {
  if (originalUrl === undefined || pathOf(originalUrl) === pathOf(url)) return false;
  // Express 4 throws where `router` is read; Connect has no app, and then the path alone tells.
  const layer = app && findLayer(app._router ?? app.router, middleware);
  return layer === undefined || !(layer.slash ?? layer.regexp?.fast_slash ?? false);
}

function findLayer(layers: Layers | undefined, middleware: unknown): Layer | undefined {
  for (const layer of layers?.stack ?? []) {
    const found = layer.handle === middleware ? layer : findLayer(layer.handle, middleware);
    if (found !== undefined) return found;
  }
  return undefined;
}

function pathOf(url = '/'): string {
  // Proxies may send the absolute form, `POST https://host/path`.
  const target = url.startsWith('/') ? url : url.replace(/^[a-z]+:\/\/[^/?]*/i, '');
  const query = target.indexOf('?');
  const path = query === -1 ? target : target.slice(0, query);
  return path === '' ? '/' : path;
}

function same(here: string, path: string): boolean {
  return here === path || here === `${path}/`;
}
