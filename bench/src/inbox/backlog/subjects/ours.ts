import { setTimeout as pause } from 'node:timers/promises';
import { createReceiver, type Inbox, type Provider } from '@hookproof/core';
import type { InboxOptions } from '@hookproof/inbox';
import { postgresInbox } from '@hookproof/inbox/postgres';
import { redisInbox } from '@hookproof/inbox/redis';
import { sqliteInbox } from '@hookproof/inbox/sqlite';
import { Redis } from 'ioredis';
import { Pool } from 'pg';
import { schemes } from '../../../deliveries.ts';
import { handle } from '../../../handle.ts';
import { scheme } from '../../../http/contenders.ts';
import { proven } from '../../deliveries.ts';
import { clock, type Subject } from './subject.ts';

const stores = { sqlite, postgres, redis } as const;

/** Events of one step while the store is filled. */
const fillSize = 500;

/** The header in which an event carries when it was handed to the store. */
const sentAt = 'x-sent-at';

/** The inbox, by receivers with handlers that read the event. */
export async function ours(store: keyof typeof stores, place: string): Promise<Subject> {
  const open = (options: InboxOptions) => stores[store](place, options);
  const { inbox } = open({ work: false });
  const next = await proven();
  const { provider, secret } = schemes[scheme];
  return {
    async fill(count) {
      for (let left = count; left > 0; left -= fillSize) {
        await Promise.all(Array.from({ length: Math.min(left, fillSize) }, () => inbox.accept(next())));
      }
    },
    send() {
      const { headers, ...delivery } = next();
      return inbox.accept({ ...delivery, name: 'quiet', headers: new Map([...headers, [sentAt, String(clock())]]) });
    },
    async work({ concurrency, handlerMs, begun, handled, heard }) {
      const { inbox: working, end } = open({ concurrency });
      const options = { provider: provider as Provider, secret, inbox: working };
      createReceiver({
        ...options,
        on: {
          '*': async (event) => {
            begun();
            handle(event);
            if (handlerMs > 0) await pause(handlerMs);
          },
        },
        onOutcome: ({ stage, outcome }) => {
          if (stage === 'work' && outcome === 'handled') handled();
        },
      });
      createReceiver({
        ...options,
        receiverName: 'quiet',
        on: { '*': (_, { delivery }) => heard(Number(delivery.headers.get(sentAt))) },
      });
      // Open, and with it at work.
      await working.counts();
      return async () => {
        await working.close();
        await end();
      };
    },
  };
}

interface Opened {
  readonly inbox: Inbox;
  /** Ends the client, which the inbox leaves to its owner. */
  readonly end: () => unknown;
}

function sqlite(path: string, options: InboxOptions): Opened {
  return { inbox: sqliteInbox({ path, ...options }), end: () => undefined };
}

function postgres(connectionString: string, options: InboxOptions): Opened {
  const pool = new Pool({ connectionString, max: 20 });
  return { inbox: postgresInbox({ pool, ...options }), end: () => pool.end() };
}

function redis(url: string, options: InboxOptions): Opened {
  const connection = new Redis(url, { maxRetriesPerRequest: null });
  return { inbox: redisInbox({ connection, ...options }), end: () => connection.disconnect() };
}
