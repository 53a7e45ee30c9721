import { WebhookError } from '@hookproof/core';
import { invalid } from '../options.ts';
import { type RedisConnection, type WatchedConnection, watchConnection } from './connection.ts';

/** What is used of an ioredis client. */
export interface RedisClient extends RedisConnection {
  readonly options: { readonly keyPrefix?: string | undefined };
  /** Makes a transaction of commands. */
  multi(commands: unknown[][]): RedisTransaction;
}

/** Commands that run together. */
export interface RedisTransaction {
  /** Runs them, and resolves with the reply of each. */
  exec(): Promise<readonly RedisReply[] | null>;
}

/** What became of one command. */
export type RedisReply = [error: Error | null, result: unknown];

/** The user's connection, and transactions over it. */
export interface Link extends WatchedConnection {
  /** Runs commands in one transaction; throws where one of them fails. */
  commands(list: readonly (readonly unknown[])[]): Promise<readonly unknown[]>;
}

/** Checks what the user gave as `connection`. */
export function checkClient(value: unknown): RedisClient {
  if (!isClient<RedisClient>(value, ['multi', 'defineCommand'])) {
    throw invalid('connection must be an ioredis client, such as new Redis(url), and not what one is made of');
  }
  if (value.options?.keyPrefix) {
    throw invalid(
      'the connection of redisInbox has the ioredis option keyPrefix, which BullMQ cannot use: leave it out and give redisInbox a prefix',
    );
  }
  return value;
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

/**
 * Makes a {@link Link} of a client.
 *
 * @param onError is told of a connection that was silent
 * @param waitMs milliseconds that Redis has for an answer; 5,000 by default
 */
export function createLink(client: RedisClient, onError: (error: unknown) => void, waitMs?: number): Link {
  const connection = watchConnection(client, unavailable, onError, waitMs);
  return {
    ...connection,
    async commands(list) {
      if (list.length === 0) return [];
      const commands = list.map((command) => [...command]);
      const replies = await connection.ask(() => client.multi(commands).exec()).catch(refused);
      return (replies ?? []).map(([error, result]) => {
        if (error !== null) throw error;
        return result;
      });
    },
  };
}

/** Of a transaction that was refused Redis says only that it was; why is in what it said of its commands. */
function refused(error: unknown): never {
  throw listIn(Reflect.get(Object(error), 'previousErrors'))[0] ?? error;
}

/** The items of a reply that is a list. */
export function listIn(reply: unknown): readonly unknown[] {
  return Array.isArray(reply) ? reply : [];
}

function unavailable(what: string): WebhookError {
  return new WebhookError('inbox_unavailable', what, {
    fix: 'Is Redis running and in reach, and was the connection that redisInbox was given not closed before the inbox?',
  });
}
