/** What it costs to refuse a delivery that nobody listens to, beside the HMAC of its body, which is the least. */
import { createHmac } from 'node:crypto';
import { createReceiver } from '@hookproof/core';
import type { Pair } from '../cpu/pair.ts';
import { makeArrivedDelivery, type NodeDelivery, type SchemeName, schemes } from '../deliveries.ts';
import { handle } from '../handle.ts';
import { pool } from '../pool.ts';

/** It signs the body alone. */
const scheme = 'grantex v1' satisfies SchemeName;
const header = 'x-grantex-signature';
const { provider, secret } = schemes[scheme];

/** Signed with another secret. */
export function mismatch(bytes: number): Promise<Pair> {
  return refusing(() => makeArrivedDelivery({ ...schemes[scheme], secret: 'a secret of somebody else' }, bytes));
}

export function missing(bytes: number): Promise<Pair> {
  return refusing(async () => {
    const { headers, body } = await makeArrivedDelivery(scheme, bytes);
    return { headers: Object.fromEntries(Object.entries(headers).filter(([name]) => name !== header)), body };
  });
}

/** As long as a signature, but not in hex. */
export function malformed(bytes: number): Promise<Pair> {
  return refusing(async () => {
    const { headers, body } = await makeArrivedDelivery(scheme, bytes);
    return { headers: { ...headers, [header]: `sha256=${'x'.repeat(64)}` }, body };
  });
}

async function refusing(make: () => Promise<NodeDelivery>): Promise<Pair> {
  const next = await pool(make);
  const receiver = createReceiver({ provider, secret, on: { 'grant.revoked': handle }, dedupe: false });
  return {
    genuine: false,
    base: () => createHmac('sha256', secret).update(next().body).digest('hex'),
    ours: () => receiver.receive(next()),
  };
}
