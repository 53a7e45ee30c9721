import { type ClaimStore, WebhookError } from '@hookproof/core';
import { checkNames, invalid } from '@hookproof/core/strict';
import { checkRetention, createClaims, once } from '../claims.ts';
import { isClient } from './client.ts';
import { type RedisConnection, type WatchedConnection, watchConnection } from './connection.ts';
import { wordsFor } from './trouble.ts';

/** What is used of an ioredis client, which may be one of a cluster. */
export interface RedisClaimsClient extends RedisConnection {
  /** Runs a script. */
  eval(script: string, numberOfKeys: number, ...keysAndArguments: (string | number)[]): Promise<unknown>;
}

/** Options of {@link redisClaims}. */
export interface RedisClaimsOptions {
  /**
   * What all keys in Redis begin with, before a colon; `'hookproof-claims'` by default. The same in every process that
   * shares the claims. Receivers of another endpoint need another one.
   */
  readonly prefix?: string | undefined;
  /** Milliseconds for which handled events are remembered; 30 days by default. */
  readonly retainMs?: number | undefined;
}

/** What a key holds once its event was handled; until then, the name of who holds it. */
const handled = 'done';

// In a cluster, ioredis asks again where a server was lost before it answered: who holds the key already has taken it.
const take = `
local held = redis.call('GET', KEYS[1])
if held == '${handled}' then return 'done' end
if held and held ~= ARGV[1] then return 'busy' end
redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[2])
return 'taken'`;

// Its lease may be over: what counts is whether somebody else has begun again.
const done = `
local held = redis.call('GET', KEYS[1])
if not held or held == ARGV[1] then redis.call('SET', KEYS[1], '${handled}', 'PX', ARGV[2]) end`;

const release = `if redis.call('GET', KEYS[1]) == ARGV[1] then redis.call('DEL', KEYS[1]) end`;

/**
 * Makes claims in Redis for the `dedupe` option: any number of processes and machines share them, so that each event is
 * handled once. It needs the package `ioredis` and no other, and works with its `Cluster` too, since each claim is one key.
 *
 * Claims last as long as Redis keeps them. An event may be handled again after a failover to a replica that did not have
 * its claim yet, after a restart without `appendonly yes`, and where memory is short and `maxmemory-policy` is not
 * `noeviction`: every key has a time to live, so the `volatile` policies delete them too. While Redis is away, deliveries
 * are refused at once with 503; what was handled meanwhile is noted when it is back within 10 seconds.
 *
 * @param client an ioredis client of your own, such as `new Redis(url)`, which is yours to close
 * @param options see {@link RedisClaimsOptions} for each option, its unit and its default
 * @returns what the `dedupe` option of every adapter takes
 * @throws WebhookError `invalid_options` when the client or an option is wrong
 *
 * @example
 * ```ts
 * import { grantivaWebhooks } from '@hookproof/express';
 * import { redisClaims } from '@hookproof/inbox/redis';
 * import { Redis } from 'ioredis';
 *
 * const client = new Redis(process.env.REDIS_URL ?? 'redis://localhost:6379');
 * export const middleware = grantivaWebhooks({
 *   secret: process.env.GRANTIVA_SECRET ?? '',
 *   dedupe: redisClaims(client),
 *   on: { 'device.high_risk': ({ data }) => console.log(data.device_id) },
 * });
 * ```
 */
export function redisClaims(client: RedisClaimsClient, options: RedisClaimsOptions = {}): ClaimStore {
  if (!isClient<RedisClaimsClient>(client, ['eval'])) {
    throw invalid('redisClaims takes an ioredis client first, such as redisClaims(new Redis(url))');
  }
  const given = checkNames<RedisClaimsOptions>('redisClaims', options, { prefix: true, retainMs: true });
  const { prefix = 'hookproof-claims' } = given;
  if (typeof prefix !== 'string' || prefix.trim() === '') throw invalid('prefix must be a text that is not empty');
  const retainMs = Math.ceil(checkRetention(given.retainMs));
  const connection = connectionOf(client);
  const run = (script: string, key: string, ...values: (string | number)[]) =>
    client.eval(script, 1, `${prefix}:${key}`, ...values);

  return createClaims({
    async take(key, holder, leaseMs) {
      await connection.open();
      let asked: Promise<unknown> | undefined;
      try {
        return await connection.ask(() => (asked = run(take, key, holder, Math.ceil(leaseMs))));
      } catch (error) {
        // ioredis may ask once more when it is connected again, and nobody would hold what that takes.
        asked?.then(() => run(release, key, holder)).catch(() => undefined);
        throw error;
      }
    },
    // These wait for a connection that is away for a moment: what was handled must be noted.
    done: (key, holder) => run(done, key, holder, retainMs),
    release: (key, holder) => run(release, key, holder),
  });
}

/** Connections by their client: claims with different prefixes share one, and what listens to it. */
const connections = new WeakMap<RedisClaimsClient, WatchedConnection>();

function connectionOf(client: RedisClaimsClient): WatchedConnection {
  const known = connections.get(client);
  if (known !== undefined) return known;
  const watched = watchConnection(client, unavailable);
  const connection = { ...watched, open: once(watched.open) };
  connections.set(client, connection);
  return connection;
}

const reach = 'Is Redis running and in reach, and was the client that redisClaims was given not closed?';

function unavailable(what: string, said: unknown): WebhookError {
  const { text, fix = reach } = wordsFor(what, said);
  return new WebhookError('claims_unavailable', text, { fix });
}
