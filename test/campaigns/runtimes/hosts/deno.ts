import { announce, control } from './control.ts';
import { type FetchApp, fetchApp } from './fetch-apps.ts';
import { optionsOf } from './options.ts';

/** What is used of Deno's own server. */
declare const Deno: {
  readonly version: { readonly deno: string };
  serve(
    options: { hostname: string; port: number; signal: AbortSignal; onListen: () => void },
    handler: FetchApp,
  ): { readonly addr: { readonly port: number }; readonly finished: Promise<void> };
};

function serve(app: FetchApp) {
  const ending = new AbortController();
  const { addr, finished } = Deno.serve(
    { hostname: '127.0.0.1', port: 0, signal: ending.signal, onListen: () => undefined },
    app,
  );
  const close = () => {
    ending.abort();
    return finished;
  };
  return { port: addr.port, close };
}

const orders = serve(
  control(`Deno ${Deno.version.deno}`, async (order) => {
    const app = fetchApp(order, optionsOf(order));
    if (app === undefined) throw new Error(`no app for ${order.way}`);
    const { port, close } = serve(app);
    return { url: `http://127.0.0.1:${port}/hooks`, close };
  }),
);

announce(orders.port);
