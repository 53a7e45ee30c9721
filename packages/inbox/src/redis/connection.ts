import type { WebhookError } from '@hookproof/core';

/** What is used of an ioredis client to know whether its connection stands. */
export interface RedisConnection {
  readonly status: string;
  /** Whether it speaks to many servers, which do not wait for each other. */
  readonly isCluster?: boolean | undefined;
  /** Opens the connection of a client that was made lazy. */
  connect(): Promise<unknown>;
  /** Listens for changes of the connection. */
  on(event: string, listener: () => void): unknown;
  /** Listens no longer. */
  off(event: string, listener: () => void): unknown;
}

/** The user's connection, which nothing waits for in vain. */
export interface WatchedConnection {
  /** Waits for the first connection, and from then on sees when it breaks. */
  open(): Promise<void>;
  /** Asks Redis something; throws where the connection is down, breaks, or stays silent for too long. */
  ask<T>(question: () => Promise<T>): Promise<T>;
  close(): void;
}

/** Questions that the servers of a cluster may owe an answer to before no more are asked. */
const unansweredOfCluster = 1_000;

/**
 * Watches a connection. By itself ioredis keeps what it is asked while Redis is away, and asks again when it is back.
 * Whoever asks here shall know at once instead, and no deliveries shall pile up in memory.
 *
 * @param unavailable makes the error of what went wrong
 * @param patienceMs milliseconds that Redis has for an answer
 */
export function watchConnection(
  client: RedisConnection,
  unavailable: (what: string) => WebhookError,
  patienceMs: number,
): WatchedConnection {
  const asking = new Set<(error: WebhookError) => void>();
  /** Questions that nobody waits for any more. One Redis answers in order: while there are any, it answers nothing. */
  const unanswered = new Set<Promise<unknown>>();
  const bearable = client.isCluster === true ? unansweredOfCluster : 0;
  const notReady = () => unavailable(`The connection to Redis is not ready: its status is "${client.status}".`);
  const silent = () => unavailable(`Redis has not answered for ${patienceMs / 1_000} s.`);

  function drop(): void {
    unanswered.clear();
    for (const fail of asking) fail(unavailable('The connection to Redis broke before the answer came.'));
  }

  return {
    async open() {
      if (client.status === 'wait') await client.connect();
      if (client.status === 'connecting' || client.status === 'connect') await settled(client, patienceMs);
      if (client.status !== 'ready') throw notReady();
      client.off('close', drop);
      client.on('close', drop);
    },
    ask(question) {
      if (client.status !== 'ready') return Promise.reject(notReady());
      if (unanswered.size > bearable) return Promise.reject(silent());
      const answer = question();
      return new Promise((resolve, reject) => {
        const timer = setTimeout(() => {
          unanswered.add(answer);
          reject(silent());
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
    },
    close() {
      client.off('close', drop);
      drop();
    },
  };
}

/** Waits until a client that is connecting has a connection, or has none. */
function settled(client: RedisConnection, patienceMs: number): Promise<void> {
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
