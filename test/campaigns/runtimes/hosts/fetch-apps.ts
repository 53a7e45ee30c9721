import { createReceiver, type Provider, type WebhookOptions } from '@hookproof/core';
import { webhooks } from '@hookproof/hono';
import { Hono } from 'hono';
import { providerOf } from './options.ts';
import type { AppOrder } from './wire.ts';

/** An app of `Request` and `Response`, as every runtime can serve it. */
export type FetchApp = (request: Request, env?: object) => Response | Promise<Response>;

/** The apps that are the same on every runtime; undefined for the other ways. */
export function fetchApp(order: AppOrder, options: WebhookOptions<Provider>): FetchApp | undefined {
  if (order.way === 'core.fetch') return coreApp(order, options);
  if (order.way === 'hono') return honoApp(order, options);
  return undefined;
}

function coreApp(order: AppOrder, options: WebhookOptions<Provider>): FetchApp {
  const receiver = createReceiver({ ...options, provider: providerOf(order) });
  if (!order.bodyRead) return (request) => receiver.fetch(request);
  return async (request) => {
    await request.text();
    return receiver.fetch(request);
  };
}

function honoApp(order: AppOrder, options: WebhookOptions<Provider>): FetchApp {
  const app = new Hono();
  if (order.bodyRead) {
    app.use(async (c, next) => {
      await c.req.text();
      await next();
    });
  }
  // A route of every path: as middleware, which '*' is, it would answer its own alone.
  return app.all('/:path{.+}', webhooks(providerOf(order), options)).fetch;
}
