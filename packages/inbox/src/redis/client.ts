import { WebhookError } from '@hookproof/core';
import { invalid, type Settings } from '../options.ts';
import { type RedisConnection, type WatchedConnection, watchConnection } from './connection.ts';
import { grouped } from './grouped.ts';
import type { Step, Value } from './recorder.ts';
import { commandsScript, manyTimes, type Script } from './scripts.ts';
import { createSender, type RedisSender } from './sending.ts';
import { troubleWith } from './trouble.ts';

/** What is used of an ioredis client. */
export interface RedisClient extends RedisConnection, RedisSender {
  readonly options: { readonly keyPrefix?: string | undefined };
}

/** The user's connection, and what runs over it: scripts alone, because a Redis that is full refuses transactions. */
export interface Link extends WatchedConnection {
  run(script: Script, keys: readonly Value[], args: readonly Value[]): Promise<unknown>;
  /**
   * Runs a script, with what else is sent in this turn of the event loop.
   *
   * @param late is told a reply that came when nobody waited for it any more
   */
  runPatiently(
    script: Script,
    keys: readonly Value[],
    args: readonly Value[],
    late: (reply: unknown) => void,
  ): Promise<unknown>;
  /** Runs a command that scripts may not. */
  call(command: string, ...values: readonly Value[]): Promise<unknown>;
  /** Runs commands in one step; throws where one of them fails. */
  commands(list: readonly (readonly Value[])[]): Promise<readonly unknown[]>;
  /** Runs steps of BullMQ, those of a kind at once; resolves with the reply of each, which may be an error. */
  steps(list: readonly Step[]): Promise<readonly unknown[]>;
}

/** Checks what the user gave as `connection`. */
export function checkClient(value: unknown): RedisClient {
  if (!isClient<RedisClient>(value, ['call', 'pipeline'])) {
    throw invalid('connection must be an ioredis client, such as new Redis(url), and not what one is made of');
  }
  if (value.options?.keyPrefix) {
    throw invalid(
      'the connection of redisInbox has the ioredis option keyPrefix, which BullMQ cannot use: leave it out and give redisInbox a prefix',
    );
  }
  return value;
}

/** In a cluster the keys of an inbox must be in one slot, which Redis makes of what stands in braces. */
export function checkPrefix(prefix: string, client: RedisClient): void {
  if (client.isCluster === true && !/\{[^}]+\}/.test(prefix)) {
    throw invalid(
      'a cluster keeps the keys of an inbox together only where their prefix has braces: give redisInbox prefix: "{hookproof}"',
    );
  }
}

/** Whether something has the methods of an ioredis client, these among them. */
export function isClient<Client extends RedisConnection>(value: unknown, methods: readonly string[]): value is Client {
  if (typeof value !== 'object' || value === null) return false;
  const functions = ['connect', 'disconnect', 'on', 'off', ...methods];
  return typeof Reflect.get(value, 'status') === 'string' && functions.every((name) => isFunction(value, name));
}

function isFunction(value: object, name: string): boolean {
  return typeof Reflect.get(value, name) === 'function';
}

/** Makes a {@link Link} of a client. */
export function createLink(
  client: RedisClient,
  { onError, storeTimeoutMs }: Pick<Settings, 'onError' | 'storeTimeoutMs'>,
): Link {
  const connection = watchConnection(client, (what, said) => troubleWith(what, said), onError, storeTimeoutMs);

  const send = createSender(client);

  async function evaluate(
    { sha, lua }: Script,
    values: readonly Value[],
    patient: boolean,
    late?: (reply: unknown) => void,
  ): Promise<unknown> {
    try {
      return await connection.ask(() => send(['evalsha', sha, ...values], patient), late);
    } catch (error) {
      if (!/^NOSCRIPT/.test(messageOf(error))) throw refused(error);
    }
    return connection
      .ask(() => send(['eval', lua, ...values], patient), late)
      .catch((error: unknown) => {
        throw refused(error);
      });
  }

  function refused(error: unknown): unknown {
    const trouble = troubleOf(error);
    // Behind the same address may be another server by now, which is the primary.
    if (/\bREADONLY\b/.test(messageOf(error))) connection.renew(trouble);
    return trouble;
  }

  const run: Link['run'] = (script, keys, args) => evaluate(script, [keys.length, ...keys, ...args], false);

  return {
    ...connection,
    run,
    runPatiently: (script, keys, args, late) => evaluate(script, [keys.length, ...keys, ...args], true, late),
    call: (command, ...values) => connection.ask(() => send([command, ...values], false)),
    async commands(list) {
      if (list.length === 0) return [];
      // In a cluster the first key says which server is asked.
      const replies = await run(
        commandsScript,
        [list[0]?.[1] ?? ''],
        list.flatMap((one) => [one.length, ...one]),
      );
      return listIn(replies).map(orThrow);
    },
    async steps(list) {
      const kinds = grouped(list.entries(), ([, { kind }]) => kind);
      const all: unknown[] = [];
      const running = [...kinds.values()].map(async (same) => {
        const replies = await run(
          manyTimes(same[0]?.[1].script ?? ''),
          same.flatMap(([, { keys }]) => keys),
          [same.length, ...same.flatMap(([, { args }]) => args)],
        );
        for (const [place, [index]] of same.entries()) all[index] = listIn(replies)[place];
      });
      await Promise.all(running);
      return all;
    },
  };
}

/** The reply to a command, unless it is an error. */
export function orThrow(reply: unknown): unknown {
  if (reply instanceof Error) throw troubleOf(reply);
  return reply;
}

function troubleOf(error: unknown): WebhookError {
  return error instanceof WebhookError
    ? error
    : troubleWith('Redis refused what the inbox asked.', error, 'Its log may say more.');
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : '';
}

/** The items of a reply that is a list. */
export function listIn(reply: unknown): readonly unknown[] {
  return Array.isArray(reply) ? reply : [];
}
