/** `verify` of the specification's own library, and of Svix's, which has its own names for the headers. */
import { createReceiver } from '@hookproof/core';
import { Webhook } from 'standardwebhooks';
import { Webhook as SvixWebhook } from 'svix';
import type { Pair } from '../cpu/pair.ts';
import { makeArrivedDelivery, type NodeDelivery, schemes } from '../deliveries.ts';
import { handle } from '../handle.ts';
import { pool } from '../pool.ts';

const scheme = 'standard webhooks';
const { provider, secret } = schemes[scheme];

export function standardWebhooks(bytes: number): Promise<Pair> {
  return verifying(new Webhook(secret), () => makeArrivedDelivery(scheme, bytes));
}

export function svix(bytes: number): Promise<Pair> {
  return verifying(new SvixWebhook(secret), async () => {
    const { headers, body } = await makeArrivedDelivery(scheme, bytes);
    const renamed = Object.entries(headers).map(([name, value]) => [name.replace(/^webhook-/, 'svix-'), value]);
    return { headers: Object.fromEntries(renamed), body };
  });
}

async function verifying(webhook: Pick<Webhook, 'verify'>, make: () => Promise<NodeDelivery>): Promise<Pair> {
  const next = await pool(make);
  const receiver = createReceiver({ provider, secret, on: { 'invoice.paid': handle }, dedupe: false });
  return {
    genuine: true,
    base: () => {
      const { headers, body } = next();
      const event = webhook.verify(body, headers);
      if (isPaid(event)) handle(event);
    },
    ours: () => receiver.receive(next()),
  };
}

function isPaid(event: unknown): event is { readonly type: 'invoice.paid'; readonly data: unknown } {
  return typeof event === 'object' && event !== null && 'type' in event && event.type === 'invoice.paid';
}
