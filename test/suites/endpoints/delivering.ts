import { once } from 'node:events';
import { createServer } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { grantex } from '@hookproof/core';
import { type GrantexDelivery, grantexEndpoints } from '@hookproof/endpoints';
import { grantexWebhooks } from '@hookproof/express';
import { simulateProvider } from '@hookproof/testing/simulator';
import { grantexKey, grantexServer } from './servers.ts';

/** Half a minute of Grantex, in milliseconds of a test. */
const pollMs = 20;

/**
 * A Grantex that delivers as the real one does: what happens is queued for every endpoint that subscribes to it, a poll
 * takes 20 of what is due, 5 at once, a failed attempt is made 5 times in all, and what is queued for an endpoint goes with it.
 */
export async function deliveringGrantex() {
  const server = await grantexServer();
  const { rows, deliveries, secretOf } = server;
  const due = new Map<string, number>();
  const stopped = new AbortController();
  let happened = 0;
  let polls = 0;
  let isHeld = false;

  /** Lets something happen, and returns the id of its event. */
  const happen = (type: 'grant.created' | 'grant.revoked'): string => {
    const eventId = `evt_${String(++happened).padStart(4, '0')}`;
    for (const { id, events } of rows) {
      if (events.includes(type)) server.deliver('pending', { webhookId: id, eventId, eventType: type });
    }
    return eventId;
  };

  const isDue = ({ id, status }: GrantexDelivery) => status === 'pending' && (due.get(id) ?? 0) <= polls;

  async function attempt({ id, webhookId, eventId, eventType }: GrantexDelivery): Promise<void> {
    const secret = secretOf.get(webhookId);
    // Neither is there where the endpoint was deleted after the poll.
    const url = rows.find((row) => row.id === webhookId)?.url;
    if (url === undefined || secret === undefined) return;
    const sender = simulateProvider(grantex(), { url, secret, behaviour: { delaysMs: [] } });
    const scopes = ['calendar:read'];
    const grant = {
      grantId: `grnt_${eventId}`,
      agentId: 'ag_1',
      principalId: 'user_1',
      scopes,
      expiresAt: '2027-01-01',
    };
    const { state } = await sender.send(
      eventType === 'grant.revoked'
        ? { type: 'grant.revoked', id: eventId, data: { grantId: grant.grantId, cascade: false } }
        : { type: 'grant.created', id: eventId, data: grant },
    );
    await sender.close();
    const index = deliveries.findIndex((one) => one.id === id);
    const row = deliveries[index];
    if (row === undefined) return;
    const attempts = row.attempts + 1;
    const status = state === 'delivered' ? state : attempts === row.maxAttempts ? 'failed' : 'pending';
    deliveries[index] = { ...row, attempts, status };
    due.set(id, polls + 2 ** (attempts - 1));
  }

  async function deliver(): Promise<void> {
    while (await sleep(pollMs, true, { signal: stopped.signal }).catch(() => false)) {
      if (isHeld) continue;
      polls += 1;
      const batch = deliveries.filter(isDue).reverse().slice(0, 20);
      for (let first = 0; first < batch.length; first += 5) {
        await Promise.all(batch.slice(first, first + 5).map(attempt));
      }
    }
  }
  const delivering = deliver();

  /** Lets no poll come, as between two of them, until it is taken back. */
  const hold = (held: boolean) => {
    isHeld = held;
  };

  async function close(): Promise<void> {
    stopped.abort();
    await delivering;
    await server.close();
  }
  const endpoints = grantexEndpoints({ baseUrl: server.baseUrl, apiKey: grantexKey, backoff: () => 0 });
  return { ...server, happen, hold, close, endpoints };
}

/**
 * A receiver of Grantex's on loopback, which counts how often it has handled each event.
 *
 * @param deployed secrets that it takes besides its own
 */
export async function countingReceiver(deployed: () => readonly string[] = () => []) {
  const handled = new Map<string, number>();
  const secrets: string[] = [];
  const refused: string[] = [];
  let isDown = false;
  const middleware = grantexWebhooks({
    // The owner stays through the rotation: without one, a copy under another secret would be another event.
    secret: () => ({ owner: 'app', secrets: [...deployed(), ...secrets] }),
    on: {
      '*': ({ id = '' }) => {
        if (isDown) throw new Error('down');
        handled.set(id, (handled.get(id) ?? 0) + 1);
      },
    },
    onOutcome: ({ outcome }) => {
      if (outcome === 'signature_mismatch') refused.push(outcome);
    },
  });
  const server = createServer(middleware);
  await once(server.listen(0, '127.0.0.1'), 'listening');
  const address = server.address();
  const port = typeof address === 'object' ? address?.port : undefined;
  return {
    url: `http://127.0.0.1:${port}/webhooks/grantex`,
    handled,
    secrets,
    refused,
    setDown(down: boolean) {
      isDown = down;
    },
    async close() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
