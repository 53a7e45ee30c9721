import { type ClaimStore, createReceiver, memoryClaims, type Provider } from '@hookproof/core';
import { makeArrivedDelivery, type NodeDelivery, type SchemeName, schemes } from '../deliveries.ts';
import { handWritten } from '../hand-written.ts';
import { handle } from '../handle.ts';
import { type Contenders, pool } from './contenders.ts';

/** `receiver.receive` beside a hand-written function. */
export async function receiving(scheme: SchemeName, bytes: number): Promise<Contenders> {
  const { provider, secret } = schemes[scheme];
  const next = await pool(() => makeArrivedDelivery(scheme, bytes));
  const options = { provider: provider as Provider, secret, on: { '*': handle } };
  const plain = createReceiver({ ...options, dedupe: false });
  const deduping = createReceiver({ ...options, dedupe: await fullStore() });
  const byHand = receiveByHand(scheme);
  return {
    'hand-written': () => byHand(next()),
    hookproof: () => plain.receive(next()),
    'hookproof with dedupe': () => deduping.receive(next()),
  };
}

function receiveByHand(scheme: SchemeName): (delivery: NodeDelivery) => Promise<{ status: number; body: string }> {
  const verify = handWritten[scheme];
  return async ({ headers, body }) => {
    if (!verify((name) => headers[name], body)) return { status: 401, body: '{"outcome":"refused"}' };
    await handle(JSON.parse(body.toString()));
    return { status: 200, body: '{"outcome":"handled"}' };
  };
}

/**
 * The default store, as full as it is after its first 10,000 events. Every claim gets a number, so that a small stock
 * of deliveries counts as ever new events: finding the key, claiming it and forgetting the oldest are all measured.
 */
async function fullStore(): Promise<ClaimStore> {
  const store = memoryClaims();
  let number = 0;
  const numbered: ClaimStore = { claim: (key, leaseMs) => store.claim(`${key}#${number++}`, leaseMs) };
  for (let index = 0; index < 20_000; index++) {
    const claim = await numbered.claim('filler', 1_000);
    if (claim.state === 'taken') await claim.done();
  }
  return numbered;
}
