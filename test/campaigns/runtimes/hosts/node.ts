import { getRequestListener } from '@hono/node-server';
import { announce, control } from './control.ts';
import { fetchApp } from './fetch-apps.ts';
import { nodeApp, serve } from './node-apps.ts';
import { optionsOf } from './options.ts';

// Apps on Node: what speaks `Request` and `Response` is served by Hono's server for Node.
const orders = control(`Node ${process.versions.node}`, async (order) => {
  const options = optionsOf(order);
  const app = fetchApp(order, options);
  return app === undefined ? nodeApp(order, options) : serve(getRequestListener(app));
});

announce((await serve(getRequestListener(orders))).port);
