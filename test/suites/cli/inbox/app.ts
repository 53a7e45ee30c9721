import { type Awaitable, createReceiver, grantex, type Inbox, type OutcomeReport } from '@hookproof/core';
import { type PostgresInboxOptions, postgresInbox } from '@hookproof/inbox/postgres';
import { redisInbox } from '@hookproof/inbox/redis';
import { sqliteInbox } from '@hookproof/inbox/sqlite';
import { signedDelivery } from '@hookproof/testing';
import { Redis } from 'ioredis';
import pg from 'pg';

/** Where an app keeps its deliveries, fit to be told to another process. */
export type Place =
  | { readonly engine: 'sqlite'; readonly path: string }
  | ({ readonly engine: 'postgres'; readonly url: string } & Pick<PostgresInboxOptions, 'schema'>)
  | { readonly engine: 'redis'; readonly url: string; readonly prefix: string };

export const secret = 'the secret of the app';

const settings = {
  pollMs: 20,
  backoff: () => 0,
  maxAttempts: 2,
  onError: () => undefined,
  // What an inbox holds that was told to keep them must still not be shown.
  keepHeaders: ['authorization', 'cookie'],
};

function openInbox(place: Place, work: boolean): { inbox: Inbox; close: () => Promise<void> } {
  if (place.engine === 'sqlite') {
    const inbox = sqliteInbox({ path: place.path, work, ...settings });
    return { inbox, close: () => inbox.close() };
  }
  if (place.engine === 'postgres') {
    const { schema, url } = place;
    const pool = new pg.Pool({ connectionString: url, max: 6 });
    const inbox = postgresInbox({ pool, schema, work, ...settings, concurrency: 2 });
    return { inbox, close: () => inbox.close().then(() => pool.end()) };
  }
  const connection = new Redis(place.url);
  const inbox = redisInbox({ connection, prefix: place.prefix, work, ...settings });
  return { inbox, close: () => inbox.close().then(() => connection.disconnect()) };
}

/** A real app on a store, whose handler fails for the type `grant.revoked` while `breaks` says with what. */
export function openApp(
  place: Place,
  breaks: () => Awaitable<string | undefined>,
  {
    work = false,
    onOutcome = () => undefined,
  }: { work?: boolean; onOutcome?: (report: OutcomeReport) => unknown } = {},
) {
  const { inbox, close } = openInbox(place, work);
  const receiver = createReceiver({
    provider: grantex(),
    secret,
    inbox,
    onOutcome,
    on: {
      '*': async ({ type }) => {
        const problem = await breaks();
        if (problem !== undefined && type === 'grant.revoked') throw new Error(problem);
      },
    },
  });

  /** Delivers a body with a genuine signature; returns what was answered. */
  async function deliver(body: object | string | Uint8Array, headers: Readonly<Record<string, string>> = {}) {
    const signed = await signedDelivery(grantex(), { body, headers }, { secret });
    const reply = await receiver.receive({ headers: signed.headers, body: signed.body });
    return reply.status;
  }

  return { inbox, close, deliver };
}

export const revoked = (id: string) => ({
  id,
  type: 'grant.revoked',
  createdAt: '2026-11-21T12:00:00.000Z',
  data: { grantId: 'grnt_1', cascade: false },
});
export const unknown = (id: string) => ({ ...revoked(id), type: 'sandbox.ping' });
