import { redisInbox } from '@hookproof/inbox/redis';
import { Queue } from 'bullmq';
import { Redis } from 'ioredis';
import { proven } from '../deliveries.ts';
import { type Contenders, libraries } from './contender.ts';

/** A single `XADD`, BullMQ's `add` and the inbox's `accept` through the same client. */
export async function redisContenders(url: string): Promise<Contenders> {
  const connection = new Redis(url);
  const inbox = redisInbox({ connection, work: false });
  const next = await proven();
  await inbox.accept(next());
  /** No lookup by key, no queue. */
  const add = () => {
    const { name, key, type = '', headers, body } = next();
    return connection.xadd(
      ...(['raw', '*', 'name', name, 'key', key, 'type', type, 'received_at', Date.now()] as const),
      ...(['headers', JSON.stringify([...headers]), 'body', Buffer.from(body)] as const),
    );
  };
  const queue = new Queue('bare', { connection });
  const addJob = () => {
    const { key, type, headers, body } = next();
    return queue.add('grantex', { key, type, headers: [...headers], body: body.toString() });
  };
  const contender = (callers: number, call: () => Promise<unknown>) => ({
    callers,
    open: async () => ({ call, close: () => undefined }),
  });
  return {
    'raw insert, 1 caller': contender(1, add),
    'raw insert, 64 callers': contender(64, add),
    [`${libraries.redis}, 1 caller`]: contender(1, addJob),
    [`${libraries.redis}, 64 callers`]: contender(64, addJob),
    'accept, 1 caller': contender(1, () => inbox.accept(next())),
    'accept, 64 callers': contender(64, () => inbox.accept(next())),
  };
}
