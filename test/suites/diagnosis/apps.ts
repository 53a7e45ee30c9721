import { getRequestListener } from '@hono/node-server';
import { webhooks as forExpress } from '@hookproof/express';
import { webhooks as forFastify } from '@hookproof/fastify';
import { webhooks as forHono } from '@hookproof/hono';
import express from 'express';
import express4 from 'express4';
import Fastify, { type FastifyInstance } from 'fastify';
import { Hono, type MiddlewareHandler } from 'hono';
import { onTestFinished } from 'vitest';
import type { Serve } from './mistake.ts';

export const onExpress5: Serve = (provider, options) => express().use(forExpress(provider, options));

export const onExpress4: Serve = (provider, options) => express4().use(forExpress(provider, options));

/** Fastify, with what an app does before the plugin is registered. */
export function onFastifyAfter(prepare: (app: FastifyInstance) => unknown): Serve {
  return async (provider, options) => {
    const app = Fastify();
    onTestFinished(() => app.close());
    prepare(app);
    await app.register(forFastify(provider, options));
    await app.ready();
    return app.routing;
  };
}

export const onFastify: Serve = onFastifyAfter(() => {});

/** Hono, with a middleware before the route. */
export function onHonoAfter(middleware: MiddlewareHandler): Serve {
  return (provider, options) => {
    const app = new Hono();
    app.use(middleware);
    app.all(`/webhooks/${provider.name}`, forHono(provider, options));
    return getRequestListener(app.fetch);
  };
}

export const onHono: Serve = onHonoAfter((_c, next) => next());
