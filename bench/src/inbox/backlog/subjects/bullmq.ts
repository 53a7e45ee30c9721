import { Queue, Worker } from 'bullmq';
import { Redis } from 'ioredis';
import { handle } from '../../../handle.ts';
import { proven } from '../../deliveries.ts';
import { clock, type Subject } from './subject.ts';

/** Jobs of one call while the store is filled. */
const fillSize = 500;

/** Bare BullMQ, with a worker per queue. */
export async function bullmq(url: string): Promise<Subject> {
  const connect = () => new Redis(url, { maxRetriesPerRequest: null });
  const connection = connect();
  const queues = { grantex: new Queue('grantex', { connection }), quiet: new Queue('quiet', { connection }) };
  const next = await proven();
  const data = () => {
    const { key, type, headers, body } = next();
    return { key, type, headers: [...headers], body: body.toString(), sentAt: clock() };
  };
  return {
    async fill(count) {
      for (let left = count; left > 0; left -= fillSize) {
        const jobs = Array.from({ length: Math.min(left, fillSize) }, () => ({ name: 'grantex', data: data() }));
        await queues.grantex.addBulk(jobs);
      }
    },
    send: () => queues.quiet.add('quiet', data()),
    async work({ concurrency, begun, handled, heard }) {
      const working = connect();
      const begin = async ({ data }: { readonly data: unknown }) => {
        begun();
        handle({ data });
      };
      const many = new Worker('grantex', begin, { connection: working, concurrency });
      many.on('completed', handled);
      const quiet = new Worker<{ sentAt: number }>('quiet', async ({ data }) => heard(data.sentAt), {
        connection: working,
      });
      for (const worker of [many, quiet]) worker.on('error', (error) => console.error(error));
      await Promise.all([many.waitUntilReady(), quiet.waitUntilReady()]);
      return async () => {
        await Promise.all([many.close(), quiet.close()]);
        working.disconnect();
      };
    },
  };
}
