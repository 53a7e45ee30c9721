import { createReceiver } from '@hookproof/core';
import Stripe from 'stripe';
import type { Pair } from '../cpu/pair.ts';
import { makeArrivedDelivery } from '../deliveries.ts';
import { handle } from '../handle.ts';
import { pool } from '../pool.ts';
import { stripe } from './providers.ts';

/** `constructEvent`, and the `switch` over the event's type that its examples have. */
export async function constructEvent(bytes: number): Promise<Pair> {
  const { provider, secret } = stripe;
  const next = await pool(() => makeArrivedDelivery(stripe, bytes));
  // It asks nobody: the key is only what the constructor wants.
  const { webhooks } = new Stripe('sk_test_never_used');
  const receiver = createReceiver({ provider, secret, on: { 'invoice.paid': handle }, dedupe: false });
  return {
    genuine: true,
    base: () => {
      const { headers, body } = next();
      const event = webhooks.constructEvent(body, headers['stripe-signature'] ?? '', secret);
      switch (event.type) {
        case 'invoice.paid':
          return handle(event);
      }
    },
    ours: () => receiver.receive(next()),
  };
}
