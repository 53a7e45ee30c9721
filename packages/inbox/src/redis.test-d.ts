// Type tests: `tsc` checks them, nothing runs them.
import { type ClaimStore, createReceiver, grantex, type Inbox } from '@hookproof/core';
import type { JobJson, RedisQueueBackend } from 'bullmq';
import { Cluster, Redis } from 'ioredis';
import { expectTypeOf } from 'vitest';
import type { BullmqBackend, KnownJob, NewJob } from './redis/bullmq.ts';
import { type RedisClient, type RedisInbox, redisClaims, redisInbox } from './redis.ts';

// The user's own client fits, however it is configured.
expectTypeOf<Redis>().toExtend<RedisClient>();
expectTypeOf<Cluster>().toExtend<RedisClient>();
redisInbox({ connection: new Redis({ lazyConnect: true }), prefix: 'hooks', concurrency: 20 });

// And so does what is used of BullMQ.
declare const backend: RedisQueueBackend;
// Of a job its types want more than these three look at.
backend satisfies Omit<BullmqBackend, 'moveToCompleted' | 'moveToFailed' | 'retryFinishedJob'>;
expectTypeOf<KnownJob['opts']>().toExtend<JobJson['opts']>();
expectTypeOf<NewJob>().toExtend<JobJson>();

// Claims take a client of one server or of a cluster.
redisClaims(new Redis({ lazyConnect: true })) satisfies ClaimStore;
redisClaims(new Cluster([], { lazyConnect: true }), { prefix: 'hooks', retainMs: 1_000 }) satisfies ClaimStore;

// @ts-expect-error the client comes first
redisClaims({ connection: new Redis() });
// @ts-expect-error no such option
redisClaims(new Redis(), { schema: 'hooks' });

// It counts attempts, and has neither lanes nor a database to share.
const inbox = redisInbox({ connection: new Redis({ lazyConnect: true }) });
createReceiver({
  provider: grantex(),
  secret: 'a secret for tests',
  inbox,
  on: {
    '*': (_event, { attempt, complete }) => {
      expectTypeOf(attempt).toEqualTypeOf<number>();
      // @ts-expect-error there is no database
      complete({});
      // @ts-expect-error nor anything else that it takes
      complete();
    },
  },
});
// @ts-expect-error it keeps no order
createReceiver({ provider: grantex(), secret: 'a secret for tests', inbox, lane: () => 'a', on: {} });
expectTypeOf<RedisInbox>().toExtend<Inbox>();
