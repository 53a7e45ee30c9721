import { WebhookError } from '@hookproof/core';
import { invalid } from '../options.ts';

/** What is used of an ioredis client. */
export interface RedisClient {
  readonly status: string;
  readonly options: { readonly keyPrefix?: string | undefined };
  /** Opens the connection of a client that was made lazy. */
  connect(): Promise<unknown>;
  /** Makes a transaction of commands. */
  multi(commands: unknown[][]): RedisTransaction;
  /** Listens for changes of the connection. */
  on(event: string, listener: () => void): unknown;
  /** Listens no longer. */
  off(event: string, listener: () => void): unknown;
}

/** Commands that run together. */
export interface RedisTransaction {
  /** Runs them, and resolves with the reply of each. */
  exec(): Promise<readonly RedisReply[] | null>;
}

/** What became of one command. */
export type RedisReply = [error: Error | null, result: unknown];

/** The user's connection, which nothing waits for in vain. */
export interface Link {
  /** Waits for the first connection, and from then on sees when it breaks. */
  open(): Promise<void>;
  /** Asks Redis something; throws where the connection is down, breaks, or stays silent for too long. */
  ask<T>(question: () => Promise<T>): Promise<T>;
  /** Runs commands in one transaction; throws where one of them fails. */
  commands(list: readonly (readonly unknown[])[]): Promise<readonly unknown[]>;
  close(): void;
}

/** Checks what the user gave as `connection`. */
export function checkClient(value: unknown): RedisClient {
  if (!isClient(value)) {
    throw invalid('connection must be an ioredis client, such as new Redis(url), and not what one is made of');
  }
  if (value.options?.keyPrefix) {
    throw invalid(
      'the connection of redisInbox has the ioredis option keyPrefix, which BullMQ cannot use: leave it out and give redisInbox a prefix',
    );
  }
  return value;
}

function isClient(value: unknown): value is RedisClient {
  if (typeof value !== 'object' || value === null) return false;
  const functions = ['connect', 'multi', 'on', 'off', 'defineCommand'];
  return typeof Reflect.get(value, 'status') === 'string' && functions.every((name) => isFunction(value, name));
}

function isFunction(value: object, name: string): boolean {
  return typeof Reflect.get(value, name) === 'function';
}

/**
 * Makes a {@link Link} of a client. By itself ioredis keeps what it is asked while Redis is away, and asks again when it
 * is back. Whoever asks here shall know at once instead, and no deliveries shall pile up in memory.
 *
 * @param patienceMs milliseconds that Redis has for an answer
 */
export function createLink(client: RedisClient, patienceMs: number = 10_000): Link {
  const asking = new Set<(error: WebhookError) => void>();
  /** Questions that nobody waits for any more. Redis answers in order: while there are any, it answers nothing. */
  const unanswered = new Set<Promise<unknown>>();

  function drop(): void {
    unanswered.clear();
    for (const fail of asking) fail(unavailable('The connection to Redis broke before the answer came.'));
  }

  function ask<T>(question: () => Promise<T>): Promise<T> {
    if (client.status !== 'ready') return Promise.reject(notReady(client));
    if (unanswered.size > 0) return Promise.reject(silent(patienceMs));
    const answer = question();
    return new Promise<T>((resolve, reject) => {
      const timer = setTimeout(() => {
        unanswered.add(answer);
        reject(silent(patienceMs));
      }, patienceMs);
      const end = () => {
        clearTimeout(timer);
        asking.delete(reject);
        unanswered.delete(answer);
      };
      asking.add(reject);
      answer.then(
        (result) => {
          end();
          resolve(result);
        },
        (error: unknown) => {
          end();
          reject(error);
        },
      );
    });
  }

  return {
    ask,
    async open() {
      if (client.status === 'wait') await client.connect();
      if (client.status === 'connecting' || client.status === 'connect') await settled(client, patienceMs);
      if (client.status !== 'ready') throw notReady(client);
      client.off('close', drop);
      client.on('close', drop);
    },
    async commands(list) {
      if (list.length === 0) return [];
      const replies = await ask(() => client.multi(list.map((command) => [...command])).exec()).catch(refused);
      return (replies ?? []).map(([error, result]) => {
        if (error !== null) throw error;
        return result;
      });
    },
    close() {
      client.off('close', drop);
      drop();
    },
  };
}

/** Waits until a client that is connecting has a connection, or has none. */
function settled(client: RedisClient, patienceMs: number): Promise<void> {
  return new Promise((resolve) => {
    const end = () => {
      clearTimeout(timer);
      client.off('ready', end);
      client.off('close', end);
      resolve();
    };
    const timer = setTimeout(end, patienceMs);
    client.on('ready', end);
    client.on('close', end);
  });
}

/** Of a transaction that was refused Redis says only that it was; why is in what it said of its commands. */
function refused(error: unknown): never {
  throw listIn(Reflect.get(Object(error), 'previousErrors'))[0] ?? error;
}

/** The items of a reply that is a list. */
export function listIn(reply: unknown): readonly unknown[] {
  return Array.isArray(reply) ? reply : [];
}

function notReady({ status }: RedisClient): WebhookError {
  return unavailable(`The connection to Redis is not ready: its status is "${status}".`);
}

function silent(patienceMs: number): WebhookError {
  return unavailable(`Redis has not answered for ${patienceMs / 1_000} s.`);
}

function unavailable(what: string): WebhookError {
  return new WebhookError('inbox_unavailable', what, {
    fix: 'Is Redis running and in reach, and was the connection that redisInbox was given not closed before the inbox?',
  });
}
