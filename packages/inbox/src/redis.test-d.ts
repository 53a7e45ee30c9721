// Type tests: `tsc` checks them, nothing runs them.
import type { Queue, RedisQueueBackend } from 'bullmq';
import { Redis } from 'ioredis';
import { expectTypeOf } from 'vitest';
import type { BullmqBackend, BullmqQueue } from './redis/bullmq.ts';
import { type RedisClient, redisInbox } from './redis.ts';

// The user's own client fits, however it is configured.
expectTypeOf<Redis>().toExtend<RedisClient>();
redisInbox({ connection: new Redis({ lazyConnect: true }), prefix: 'hooks', concurrency: 20 });

// And so does what is used of BullMQ.
declare const queue: Queue;
declare const backend: RedisQueueBackend;
queue satisfies BullmqQueue;
backend satisfies BullmqBackend;
