import { announce, control } from './control.ts';
import { type FetchApp, fetchApp } from './fetch-apps.ts';
import { nodeApp } from './node-apps.ts';
import { optionsOf } from './options.ts';

/** What is used of Bun's own server. */
declare const Bun: {
  readonly version: string;
  serve(options: { hostname: string; port: number; fetch: FetchApp }): {
    readonly port: number;
    stop(withConnections: boolean): Promise<void>;
  };
};

// Apps on Bun: its own server where they speak `Request` and `Response`, its `node:http` for the others.
const serve = (app: FetchApp) => Bun.serve({ hostname: '127.0.0.1', port: 0, fetch: app });

const orders = serve(
  control(`Bun ${Bun.version}`, async (order) => {
    const options = optionsOf(order);
    const app = fetchApp(order, options);
    if (app === undefined) return nodeApp(order, options);
    const server = serve(app);
    return { url: `http://127.0.0.1:${server.port}/hooks`, close: () => server.stop(true) };
  }),
);

announce(orders.port);
