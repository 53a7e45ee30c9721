// Type tests: `tsc` checks them, nothing runs them.
import type { ClaimStore } from '@hookproof/core';
import type { Queue, RedisQueueBackend } from 'bullmq';
import { Cluster, Redis } from 'ioredis';
import { expectTypeOf } from 'vitest';
import type { BullmqBackend, BullmqQueue } from './redis/bullmq.ts';
import { type RedisClient, redisClaims, redisInbox } from './redis.ts';

// The user's own client fits, however it is configured.
expectTypeOf<Redis>().toExtend<RedisClient>();
redisInbox({ connection: new Redis({ lazyConnect: true }), prefix: 'hooks', concurrency: 20 });

// And so does what is used of BullMQ.
declare const queue: Queue;
declare const backend: RedisQueueBackend;
queue satisfies BullmqQueue;
backend satisfies BullmqBackend;

// Claims take a client of one server or of a cluster.
redisClaims(new Redis({ lazyConnect: true })) satisfies ClaimStore;
redisClaims(new Cluster([], { lazyConnect: true }), { prefix: 'hooks', retainMs: 1_000 }) satisfies ClaimStore;

// @ts-expect-error the client comes first
redisClaims({ connection: new Redis() });
// @ts-expect-error no such option
redisClaims(new Redis(), { schema: 'hooks' });
