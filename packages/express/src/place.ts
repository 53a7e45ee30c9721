import type { IncomingMessage, ServerResponse } from 'node:http';
import { type Provider, WebhookError } from '@hookproof/core';
import { isDelivery, isDevelopment, sayPassedOn } from '@hookproof/core/adapter';

/** What Express, Connect and the platforms below them add to a request, as far as it tells where a middleware stands. */
export interface PlacedRequest extends IncomingMessage {
  readonly originalUrl?: string;
  /** The route that matched last, which may have passed the request on. */
  readonly route?: { readonly stack?: readonly Layer[] };
  readonly app?: { readonly _router?: Layers; readonly router?: Layers };
}

/** What Express's routers hold. */
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

/** Where a middleware stands in its app. */
export class Place {
  readonly #provider: Provider;
  readonly #path: string | undefined;
  readonly #middleware: unknown;
  #hasSaid = false;

  constructor(provider: Provider, path: string | undefined, middleware: unknown) {
    if (path !== undefined && !path.startsWith('/')) {
      throw new WebhookError('invalid_options', `path must start with "/", but is "${path}".`);
    }
    this.#provider = provider;
    this.#path = path;
    this.#middleware = middleware;
  }

  /**
   * Whether a request is for the middleware. A path of its own decides. Elsewhere, in a route or at the root of what is
   * mounted, it is where the middleware is found there; it may stand there unseen, because what wraps a framework puts
   * functions of its own into it: then a delivery is.
   */
  isFor(request: PlacedRequest): boolean {
    const here = pathOf(request.url);
    if (this.#path !== undefined) return same(here, this.#path);
    if (same(here, this.#ownPath)) return true;
    const isAtRoot = here === '/' && isMounted(request);
    if (request.route === undefined && !isAtRoot) return false;
    return this.#isDelivery(request) || this.#isSeen(request, isAtRoot);
  }

  /** In development, says once that a delivery was passed on, if nothing else takes it. */
  passedOn(request: PlacedRequest, response: ServerResponse): void {
    if (this.#hasSaid || !isDevelopment() || !this.#isDelivery(request)) return;
    const path = pathOf(request.originalUrl ?? request.url);
    response.once('finish', () => {
      if (response.statusCode !== 404 || this.#hasSaid) return;
      this.#hasSaid = true;
      const places = this.#path ?? `${this.#ownPath}, what it is mounted on, and what its route matches`;
      sayPassedOn(this.#provider, path, places);
    });
  }

  get #ownPath(): string {
    return `/webhooks/${this.#provider.name}`;
  }

  #isDelivery({ method, headers }: PlacedRequest): boolean {
    return isDelivery(this.#provider, method, (name) => name in headers);
  }

  #isSeen({ app, route }: PlacedRequest, isAtRoot: boolean): boolean {
    if (route?.stack?.some(({ handle }) => handle === this.#middleware)) return true;
    // Express 4 throws where `router` is read; Connect has no app, and then the path alone tells.
    return isAtRoot && (app === undefined || isMountedIn(app._router ?? app.router, this.#middleware));
  }
}

function isMounted({ originalUrl, url }: PlacedRequest): boolean {
  return originalUrl !== undefined && pathOf(originalUrl) !== pathOf(url);
}

/** Whether the middleware itself was given a path, and not only the router or app around it. */
function isMountedIn(layers: Layers | undefined, middleware: unknown): boolean {
  return (layers?.stack ?? []).some(({ handle, slash, regexp }) =>
    handle === middleware ? !(slash ?? regexp?.fast_slash ?? false) : isMountedIn(handle, middleware),
  );
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
