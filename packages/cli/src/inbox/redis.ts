import { redisInbox } from '@hookproof/inbox/redis';
import { exitCode } from '../exit-code.ts';
import { Failure, usage } from '../failure.ts';
import { printable } from '../terminal.ts';
import { made, type OpenInbox, quiet } from './engine.ts';
import { loadPeer } from './peers.ts';
import type { Places, Store } from './store.ts';
import { noInbox, patienceMs } from './trouble.ts';

/** Opens the inbox that a Redis has under a prefix. */
export async function openRedis({ location, label }: Store, { prefix = 'hookproof' }: Places): Promise<OpenInbox> {
  const { Redis } = await loadPeer('ioredis', () => import('ioredis'));
  await loadPeer('bullmq', () => import('bullmq'));
  const database = databaseOf(location);
  const client = new Redis(location, { lazyConnect: true, connectTimeout: patienceMs, retryStrategy: () => null });
  let reason: unknown;
  // ioredis tells here why a connection was not made, and to who waits for it only that it was closed.
  client.on('error', (error) => {
    reason ??= error;
  });
  const inbox = made(() => redisInbox({ connection: client, prefix, ...quiet }));
  const close = async () => {
    await inbox.close();
    client.disconnect();
  };
  const timer = setTimeout(() => {
    reason ??= Object.assign(new Error('Redis does not answer.'), { code: 'ETIMEDOUT' });
    client.disconnect();
  }, patienceMs);
  try {
    await client.connect();
    // Of a database that is not there ioredis tells by an event alone, and goes on with database 0.
    if (database !== undefined) await client.select(database).catch(noDatabase(label, database));
    if ((await client.exists(`${prefix}:names`)) === 0) {
      throw noInbox(
        `${label} has no inbox with keys that begin with "${prefix}:".`,
        'Give the prefix that your app gives to redisInbox as --prefix, and the number of the database as /1 in the URL.',
      );
    }
    return { inbox, close };
  } catch (error) {
    await close();
    throw error instanceof Failure ? error : (reason ?? error);
  } finally {
    clearTimeout(timer);
  }
}

/** The number of a database in a URL, as ioredis finds it; undefined where there is none. */
function databaseOf(location: string): number | undefined {
  const { pathname, searchParams } = new URL(location);
  const text = pathname.slice(1) || searchParams.get('db');
  if (text === null || text === '') return undefined;
  if (/^-?\d{1,15}$/.test(text)) return Number(text);
  throw usage(
    `${printable(text)} is not the number of a database.`,
    'Write redis://host:port/1, or without a number for database 0.',
  );
}

/** Tells Redis's word that it has no such database from other trouble. */
function noDatabase(label: string, database: number): (error: unknown) => never {
  return (cause) => {
    if (!(cause instanceof Error) || !/DB index|out of range/i.test(cause.message)) throw cause;
    throw new Failure(exitCode.failed, 'refused', `${label} refused: there is no database ${database}.`, {
      fix: 'Give the number that your app connects with. Nothing was done.',
      cause,
    });
  };
}
