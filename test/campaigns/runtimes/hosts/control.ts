import { makeCall } from './endpoint-calls.ts';
import { type AppOrder, type AppStarted, type CallMade, type CallOrder, decode, encode } from './wire.ts';

/** An app that a host has started. */
export interface Running {
  /** Where deliveries go. */
  readonly url: string;
  /** Ends it, with its connections. */
  readonly close: () => void | Promise<void>;
}

/**
 * The control side of a host: POST starts the app of an order, DELETE ends the one that the path names. POST to `/calls`
 * makes one call of an endpoint client.
 */
export function control(runtime: string, start: (order: AppOrder, request: Request) => Promise<Running>) {
  const running = new Map<string, Running>();
  return async (request: Request): Promise<Response> => {
    try {
      const { pathname } = new URL(request.url);
      if (pathname === '/calls') {
        const made = await makeCall(decode<CallOrder>(await request.text()));
        return new Response(encode({ ...made, runtime } satisfies CallMade));
      }
      if (request.method === 'DELETE') {
        const id = pathname.split('/').at(-1) ?? '';
        await running.get(id)?.close();
        running.delete(id);
        return new Response('ended');
      }
      const order = decode<AppOrder>(await request.text());
      const app = await start(order, request);
      running.set(order.id, app);
      return new Response(encode({ url: app.url, runtime } satisfies AppStarted));
    } catch (error) {
      return new Response(error instanceof Error ? error.stack : String(error), { status: 500 });
    }
  };
}

/** Tells the suite, which reads the first line that a host writes, where to send orders. */
export function announce(port: number): void {
  console.log(JSON.stringify({ port }));
}
