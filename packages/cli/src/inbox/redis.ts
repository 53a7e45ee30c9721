import { redisInbox } from '@hookproof/inbox/redis';
import { made, type OpenInbox, quiet } from './engine.ts';
import { loadPeer } from './peers.ts';
import type { Places, Store } from './store.ts';
import { noInbox, patienceMs } from './trouble.ts';

/** Opens the inbox that a Redis has under a prefix. */
export async function openRedis({ location, label }: Store, { prefix = 'hookproof' }: Places): Promise<OpenInbox> {
  const { Redis } = await loadPeer('ioredis', 'ioredis bullmq', () => import('ioredis'));
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
    if ((await client.exists(`${prefix}:names`)) === 0) {
      throw noInbox(
        `${label} has no inbox with keys that begin with "${prefix}:".`,
        'Give the prefix that your app gives to redisInbox as --prefix, and the number of the database as /1 in the URL.',
      );
    }
    return { inbox, close };
  } catch (error) {
    await close();
    throw reason ?? error;
  } finally {
    clearTimeout(timer);
  }
}
