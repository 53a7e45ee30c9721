import { createReceiver, type Provider } from '@hookproof/core';
import type { Pair } from '../cpu/pair.ts';
import { makeArrivedDelivery, type SchemeName, schemes } from '../deliveries.ts';
import { verifier } from '../hand-written.ts';
import { handle } from '../handle.ts';
import { pool } from '../pool.ts';

/** `receiver.fetch` beside a hand-written route handler. The time to make the `Request` is in both. */
export async function fetching(scheme: SchemeName, bytes: number): Promise<Pair> {
  const { provider, secret } = schemes[scheme];
  const next = await pool(() => makeArrivedDelivery(scheme, bytes));
  const request = () => new Request('http://localhost/webhooks', { method: 'POST', ...next() });
  const receiver = createReceiver({ provider: provider as Provider, secret, on: { '*': handle }, dedupe: false });
  const byHand = fetchByHand(scheme);
  return { genuine: true, base: () => byHand(request()), ours: () => receiver.fetch(request()) };
}

function fetchByHand(scheme: SchemeName): (request: Request) => Promise<Response> {
  const verify = verifier(scheme, schemes[scheme].secret);
  return async (request) => {
    const body = Buffer.from(await request.arrayBuffer());
    if (!verify((name) => request.headers.get(name) ?? undefined, body)) {
      return Response.json({ outcome: 'refused' }, { status: 401 });
    }
    await handle(JSON.parse(body.toString()));
    return Response.json({ outcome: 'handled' });
  };
}
