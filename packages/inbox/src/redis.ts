/**
 * The inbox in Redis, on BullMQ, and claims in Redis: any number of processes and machines share them.
 *
 * @module
 */
import type { Inbox } from '@hookproof/core';
import { createInbox } from './inbox.ts';
import { checkOptions, type InboxOptions, invalid, ownOptions } from './options.ts';
import { checkClient, checkPrefix, createLink, type RedisClient } from './redis/client.ts';
import { redisEngine } from './redis/engine.ts';

export type { InboxOptions } from './options.ts';
export { type RedisClaimsClient, type RedisClaimsOptions, redisClaims } from './redis/claims.ts';
export type { RedisClient } from './redis/client.ts';
export type { RedisConnection } from './redis/connection.ts';

/** Options of {@link redisInbox}. */
export interface RedisInboxOptions extends InboxOptions {
  /**
   * An ioredis client of your own, such as `new Redis(url)`, or a `Cluster`, which needs a `prefix` in braces. It is yours to close after the inbox. It needs none of the
   * options that BullMQ's own workers need, and must not have `keyPrefix`.
   */
  readonly connection: RedisClient;
  /**
   * What all keys in Redis begin with; `'hookproof'` by default. The same in every process that shares the inbox, and what
   * BullMQ's dashboards have to be told.
   */
  readonly prefix?: string | undefined;
}

/** What {@link redisInbox} makes. It keeps no order and has no transactions: `lane` and `complete` do not compile with it. */
export interface RedisInbox extends Inbox {
  readonly lanes: false;
}

/**
 * Makes an inbox in Redis: a queue of BullMQ for each receiver, which BullMQ's own dashboards show.
 *
 * What it has accepted survives a crash of Redis only with `appendonly yes`, `appendfsync always` and `maxmemory-policy
 * noeviction` in its configuration; with anything else `onError` is told once what may be lost. Where Redis fails over to
 * a replica, what the replica did not have yet is lost all the same. It keeps no lanes, and has no database for
 * `context.complete` to share. Without a connection deliveries are refused at once with 503, and are not kept in memory.
 *
 * It needs the packages `bullmq` and `ioredis`.
 *
 * @param options see {@link RedisInboxOptions} and {@link InboxOptions} for each option, its unit and its default
 * @returns what the `inbox` option of every adapter takes
 * @throws WebhookError `invalid_options` when an option is wrong; where bullmq is not installed, its methods throw it
 *
 * @example
 * ```ts
 * import { grantivaWebhooks } from '@hookproof/express';
 * import { redisInbox } from '@hookproof/inbox/redis';
 * import { Redis } from 'ioredis';
 *
 * const connection = new Redis(process.env.REDIS_URL ?? 'redis://localhost:6379');
 * const inbox = redisInbox({ connection });
 * export const middleware = grantivaWebhooks({
 *   secret: process.env.GRANTIVA_SECRET ?? '',
 *   inbox,
 *   on: { 'device.high_risk': ({ data }, { attempt }) => console.log(data.device_id, attempt) },
 * });
 * // Beside the server:
 * // gracefulShutdown(server, { inboxes: [inbox], signals: ['SIGTERM'], afterClose: () => connection.disconnect() })
 * ```
 */
export function redisInbox(options: RedisInboxOptions): RedisInbox {
  const settings = checkOptions(options, ['connection', 'prefix']);
  const { prefix = 'hookproof', connection } = ownOptions(options);
  const client = checkClient(connection);
  if (typeof prefix !== 'string' || prefix.trim() === '') throw invalid('prefix must be a text that is not empty');
  checkPrefix(prefix, client);
  return createInbox(redisEngine(createLink(client, settings), prefix, settings), settings);
}
