import { waitUntil } from 'cloudflare:workers';
import { control } from './control.ts';
import { type FetchApp, fetchApp } from './fetch-apps.ts';
import { optionsOf } from './options.ts';

// A Worker has one socket, so an app is a path of it. What lives here outlives the requests, as in production.
const apps = new Map<string, FetchApp>();

// The cryptography of core depends on it.
const node = 'process' in globalThis ? 'withNode' : 'withoutNode';

const orders = control(`${navigator.userAgent} ${node}`, async (order, request) => {
  // A report is made when the reply is: without `waitUntil` the runtime would end the sending with the request.
  const app = fetchApp(order, optionsOf(order, waitUntil));
  if (app === undefined) throw new Error(`no app for ${order.way}`);
  apps.set(order.id, app);
  return { url: new URL(`/apps/${order.id}`, request.url).href, close: () => void apps.delete(order.id) };
});

export default {
  fetch(request: Request): Response | Promise<Response> {
    const id = /^\/apps\/(.+)$/.exec(new URL(request.url).pathname)?.[1];
    const app = id === undefined ? orders : apps.get(id);
    return app?.(request) ?? new Response('no such app', { status: 404 });
  },
};
