import type { Settings } from '../options.ts';
import { type Bullmq, type BullmqBackend, type BullmqJob, type BullmqQueue, loadBullmq } from './bullmq.ts';
import type { Link, RedisClient } from './client.ts';
import { queueOf } from './jobs.ts';

/** The queue of a receiver. */
export interface NamedQueue {
  readonly name: string;
  readonly queue: BullmqQueue;
  readonly backend: BullmqBackend;
  /** What stands for a job in steps that need only its id. */
  readonly job: (id: string) => BullmqJob;
}

/** The queues of BullMQ, one for each receiver. */
export interface Queues {
  /** Loads BullMQ. */
  open(): Promise<void>;
  of(name: string): Promise<NamedQueue>;
  close(): Promise<void>;
}

/** Makes the queues as they are asked for. All of them use the user's connection, which stays the user's. */
export function createQueues(client: RedisClient, link: Link, prefix: string, { leaseMs, onError }: Settings): Queues {
  const queues = new Map<string, Promise<NamedQueue>>();
  let bullmq: Bullmq | undefined;

  async function make(name: string): Promise<NamedQueue> {
    bullmq ??= await loadBullmq();
    const { Queue, Job } = bullmq;
    const queue = new Queue(queueOf(name), {
      connection: client,
      prefix,
      // It would ask each time, and print what persistenceWarning says.
      skipVersionCheck: true,
      lockDuration: Math.ceil(leaseMs),
      // How often to look is decided in worker.ts, and when a delivery is dead in attempt.ts.
      stalledInterval: 1,
      maxStalledCount: Number.MAX_SAFE_INTEGER,
    });
    queue.on('error', (error) => {
      // Without a connection every call fails, and says so.
      if (client.status === 'ready') onError(error);
    });
    await queue.waitUntilReady();
    // With no attempts left BullMQ tells its listeners of a job that fails that its retries are exhausted.
    const job = (id: string) => new Job(queue, name, {}, { attempts: 0 }, id);
    return { name, queue, backend: queue.getBackend(), job };
  }

  return {
    async open() {
      bullmq ??= await loadBullmq();
    },
    of(name) {
      const known = queues.get(name);
      if (known !== undefined) return known;
      const making: { queue?: Promise<NamedQueue> } = {};
      // BullMQ would wait for a connection for as long as that takes.
      const queue = link.ask(() => {
        making.queue = make(name);
        return making.queue;
      });
      queues.set(name, queue);
      queue.catch(() => {
        queues.delete(name);
        making.queue?.then(({ queue: late }) => late.close()).catch(() => undefined);
      });
      return queue;
    },
    async close() {
      const made = await Promise.allSettled(queues.values());
      queues.clear();
      for (const result of made) if (result.status === 'fulfilled') await result.value.queue.close();
    },
  };
}

/** Lists by the names of receivers. */
export function grouped<T extends { readonly name: string }>(items: readonly T[]): ReadonlyMap<string, readonly T[]> {
  const lists = new Map<string, T[]>();
  for (const item of items) {
    const list = lists.get(item.name);
    if (list === undefined) lists.set(item.name, [item]);
    else list.push(item);
  }
  return lists;
}
