import type { Settings } from '../options.ts';
import { type Bullmq, type BullmqBackend, loadBullmq } from './bullmq.ts';
import { queueOf } from './jobs.ts';
import { createRecorder } from './recorder.ts';

/** The queues of BullMQ, one for each receiver. */
export interface Queues {
  /** Loads BullMQ. */
  open(): Promise<void>;
  /** What says how BullMQ moves the jobs of a receiver. */
  of(name: string): BullmqBackend;
}

/** Makes the queues as they are asked for. */
export function createQueues(prefix: string, { leaseMs }: Settings): Queues {
  const queues = new Map<string, BullmqBackend>();
  const connection = createRecorder();
  let bullmq: Bullmq | undefined;

  return {
    async open() {
      bullmq ??= await loadBullmq();
    },
    of(name) {
      const known = queues.get(name);
      if (known !== undefined) return known;
      if (bullmq === undefined) throw new TypeError('the queues were not opened');
      const queue = bullmq.createRedisBackend(queueOf(name), {
        connection,
        prefix,
        // What it would say persistenceWarning says.
        skipVersionCheck: true,
        lockDuration: Math.ceil(leaseMs),
        // How often to look is decided in worker.ts, and when a delivery is dead in attempt.ts.
        stalledInterval: 1,
        maxStalledCount: Number.MAX_SAFE_INTEGER,
      });
      queues.set(name, queue);
      return queue;
    },
  };
}
