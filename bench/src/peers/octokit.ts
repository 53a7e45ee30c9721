import { createReceiver } from '@hookproof/core';
import { Webhooks } from '@octokit/webhooks';
import type { Pair } from '../cpu/pair.ts';
import { makeArrivedDelivery } from '../deliveries.ts';
import { handle } from '../handle.ts';
import { pool } from '../pool.ts';
import { github } from './providers.ts';

/** `verifyAndReceive` in a route handler. */
export async function octokit(bytes: number): Promise<Pair> {
  const { provider, secret } = github;
  const next = await pool(() => makeArrivedDelivery(github, bytes));
  const webhooks = new Webhooks({ secret });
  webhooks.on('push', ({ payload }) => handle({ data: payload }));
  const receiver = createReceiver({ provider, secret, on: { push: handle }, dedupe: false });
  return {
    genuine: true,
    base: () => {
      const { headers, body } = next();
      return webhooks.verifyAndReceive({
        id: headers['x-github-delivery'] ?? '',
        name: headers['x-github-event'] ?? '',
        signature: headers['x-hub-signature-256'] ?? '',
        payload: body.toString(),
      });
    },
    ours: () => receiver.receive(next()),
  };
}
