import { WebhookVerificationService } from '@hookflo/tern';
import { createReceiver } from '@hookproof/core';
import type { Pair } from '../cpu/pair.ts';
import { makeArrivedDelivery } from '../deliveries.ts';
import { handle } from '../handle.ts';
import { pool } from '../pool.ts';
import { stripe } from './providers.ts';

/** `verify` of a `Request`, beside `receiver.fetch` of one. The time to make it is in both. */
export async function tern(bytes: number): Promise<Pair> {
  const { provider, secret } = stripe;
  const next = await pool(() => makeArrivedDelivery(stripe, bytes));
  const request = () => new Request('http://localhost/webhooks', { method: 'POST', ...next() });
  const receiver = createReceiver({ provider, secret, on: { 'invoice.paid': handle }, dedupe: false });
  const config = { platform: 'stripe', secret, toleranceInSeconds: 300 } as const;
  return {
    genuine: true,
    base: async () => {
      const result = await WebhookVerificationService.verify<{ type: string; data: unknown }>(request(), config);
      if (!result.isValid) return Response.json({ error: result.error }, { status: 401 });
      if (result.payload?.type === 'invoice.paid') handle(result.payload);
      return Response.json({ received: true });
    },
    ours: () => receiver.fetch(request()),
  };
}
