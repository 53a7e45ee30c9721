import { Agent, request } from 'node:http';
import { setTimeout as pause } from 'node:timers/promises';
import { type Provider, standardWebhooks } from '@hookproof/core';
import { signedDelivery } from '@hookproof/testing';

export const secret = 'whsec_Y3Jhc2ggdGVzdHMgb2YgdGhlIGluYm94IQ==';

/** A provider's side: sends events, and again what was not answered with 2xx. */
export interface Load {
  /** Ids of events that were answered with 2xx, the whole reply read. */
  readonly answered: ReadonlySet<string>;
  readonly counts: { readonly events: number; readonly sent: number; readonly resent: number };
  /** Status codes of the replies, 0 where none came, and how often. */
  readonly statuses: ReadonlyMap<number, number>;
  /**
   * Sends new events over several connections until it is told to stop; what is under way then still ends. Each connection
   * rests for some milliseconds after each, 0 by default.
   */
  readonly send: (port: number, connections: number, stop: AbortSignal, restMs?: number) => Promise<void>;
  /** Sends one new event, whatever else is under way; whether it was stored. */
  readonly probe: (port: number) => Promise<boolean>;
  /** Sends again what is unanswered, until all of it is answered. */
  readonly finish: (port: number, connections: number) => Promise<void>;
}

export function createLoad(name: string): Load {
  const provider = standardWebhooks({ name });
  const answered = new Set<string>();
  const statuses = new Map<number, number>();
  const again: string[] = [];
  const counts = { events: 0, sent: 0, resent: 0 };

  function fresh(): string {
    counts.events += 1;
    return `msg_${name}_${counts.events}`;
  }

  async function deliver(id: string, port: number, agent: Agent): Promise<number> {
    counts.sent += 1;
    const status = await post(provider, id, port, agent);
    statuses.set(status, (statuses.get(status) ?? 0) + 1);
    if (status >= 200 && status < 300) {
      answered.add(id);
    } else {
      again.push(id);
      // A provider waits before it tries again; this one not for long.
      await pause(20);
    }
    return status;
  }

  async function work(port: number, connections: number, next: () => string | undefined, restMs = 0): Promise<void> {
    const agent = new Agent({ keepAlive: true, maxSockets: connections });
    const connection = async () => {
      for (let id = next(); id !== undefined; id = next()) {
        await deliver(id, port, agent);
        if (restMs > 0) await pause(restMs);
      }
    };
    await Promise.all(Array.from({ length: connections }, connection));
    agent.destroy();
  }

  function nextAgain(): string | undefined {
    const id = again.shift();
    if (id !== undefined) counts.resent += 1;
    return id;
  }

  return {
    answered,
    counts,
    statuses,
    send: (port, connections, stop, restMs) =>
      work(port, connections, () => (stop.aborted ? undefined : (nextAgain() ?? fresh())), restMs),
    async probe(port) {
      const agent = new Agent();
      const status = await deliver(fresh(), port, agent);
      agent.destroy();
      return status === 202;
    },
    async finish(port, connections) {
      const until = performance.now() + 60_000;
      while (again.length > 0 && performance.now() < until) await work(port, connections, nextAgain);
      if (again.length > 0) throw new Error(`${again.length} deliveries were not answered with 2xx within a minute`);
    },
  };
}

/** Sends one delivery and reads the whole reply: its status, or 0 where there was none. */
export async function post(
  provider: Provider,
  id: string,
  port: number,
  agent: Agent,
  type = 'crash.test',
): Promise<number> {
  const { headers, body } = await signedDelivery(provider, { body: { type, data: { id } } }, { secret, id });
  return new Promise((resolve) => {
    const sent = request({
      host: '127.0.0.1',
      port,
      agent,
      method: 'POST',
      path: `/webhooks/${provider.name}`,
      headers,
    });
    sent.on('error', () => resolve(0));
    sent.setTimeout(15_000, () => sent.destroy(new Error('no reply')));
    sent.on('response', (response) => {
      response.on('error', () => resolve(0));
      response.on('close', () => resolve(response.complete ? (response.statusCode ?? 0) : 0));
      response.resume();
    });
    sent.end(body);
  });
}
