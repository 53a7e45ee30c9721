import type { Provider } from '@hookproof/core';
import { isDelivery, isDevelopment, sayPassedOn } from '@hookproof/core/adapter';
import type { Context, Next } from 'hono';

/** Where a handler stands in its app. */
export class Place {
  readonly #provider: Provider;
  readonly #path: string;
  #hasSaid = false;

  constructor(provider: Provider) {
    this.#provider = provider;
    this.#path = `/webhooks/${provider.name}`;
  }

  /**
   * Whether a request is for the handler: in a route every one is. As middleware of many paths it has its own, below what
   * it is mounted on; a delivery to the mount point itself may be meant for it, and so is.
   */
  isFor(c: Context): boolean {
    const mount = mountOf(c);
    if (mount === undefined) return true;
    const below = `/${c.req.path.split('/').slice(mount.length).join('/')}`;
    if (below === this.#path || below === `${this.#path}/`) return true;
    return below === '/' && mount.length > 1 && this.#isDelivery(c);
  }

  /** Passes a request on. In development, says once that a delivery was which nothing else took. */
  async passOn(c: Context, next: Next): Promise<void> {
    await next();
    if (this.#hasSaid || c.res.status !== 404 || !isDevelopment() || !this.#isDelivery(c)) return;
    this.#hasSaid = true;
    sayPassedOn(this.#provider, c.req.path, `${this.#path} as middleware, and what its route matches`);
  }

  #isDelivery({ req }: Context): boolean {
    return isDelivery(this.#provider, req.method, (name) => req.header(name) !== undefined);
  }
}

/** Whether the app has a route of its own for a request that it answered with 404; what answers every method is none. */
export function isOwn404({ req }: Context): boolean {
  return req.matchedRoutes.some(({ method }) => method !== 'ALL');
}

/** The segments of what a middleware of many paths is mounted on, from the empty one before the first `/`. */
function mountOf({ req }: Context): readonly string[] | undefined {
  const segments = req.routePath.split('/');
  const isOfMany = segments.pop() === '*' && req.matchedRoutes[req.routeIndex]?.method === 'ALL';
  return isOfMany ? segments : undefined;
}
