import type { WebhookError } from '@hookproof/core';

/** What is used of an ioredis client to know whether its connection stands. */
export interface RedisConnection {
  readonly status: string;
  /** Whether it speaks to many servers, which do not wait for each other. */
  readonly isCluster?: boolean | undefined;
  /** Opens the connection of a client that was made lazy. */
  connect(): Promise<unknown>;
  /** Lets the connection go; with `true` ioredis makes a new one. */
  disconnect(reconnect?: boolean): void;
  /** Listens for changes of the connection. */
  on(event: string, listener: (value: unknown) => void): unknown;
  /** Listens no longer. */
  off(event: string, listener: (value: unknown) => void): unknown;
}

/** The user's connection, which nothing waits for in vain. */
export interface WatchedConnection {
  /** Waits for the first connection, and from then on sees when it breaks. */
  open(): Promise<void>;
  /**
   * Asks Redis something; throws where the connection is down, breaks, or stays silent for too long.
   *
   * @param late is told an answer that came when nobody waited for it any more
   */
  ask<T>(question: () => Promise<T>, late?: (answer: T) => void): Promise<T>;
  /** Has the connection made anew, because of an error that a new one may not have; not more often than questions may take. */
  renew(why: WebhookError): void;
  close(): void;
}

/** Milliseconds that Redis has for an answer. */
const patienceMs = 5_000;

/** Questions that the servers of a cluster may owe an answer to before no more are asked. */
const unansweredOfCluster = 1_000;

/**
 * Watches a connection. By itself ioredis keeps what it is asked while Redis is away, and asks again when it is back.
 * Whoever asks here shall know at once instead, and no deliveries shall pile up in memory. A connection that is silent may
 * stay so for ever, where a new one would work: it is thrown away.
 *
 * @param unavailable makes the error of what went wrong, with what the client has told of it
 * @param onError is told of a connection that was thrown away
 * @param waitMs milliseconds that Redis has for an answer
 */
export function watchConnection(
  client: RedisConnection,
  unavailable: (what: string, said: unknown) => WebhookError,
  onError: (error: WebhookError) => void = () => undefined,
  waitMs: number = patienceMs,
): WatchedConnection {
  const asking = new Set<(error: WebhookError) => void>();
  /** Questions that nobody waits for any more. One Redis answers in order: while there are any, it answers nothing. */
  const unanswered = new Set<Promise<unknown>>();
  const bearable = client.isCluster === true ? unansweredOfCluster : 0;
  /** What the client has told of since its connection stood. */
  let said: unknown;
  const notReady = () => unavailable(`The connection to Redis is not ready: its status is "${client.status}".`, said);
  const silent = (then = '') => unavailable(`Redis has not answered for ${waitMs / 1_000} s${then}.`, undefined);
  let greeting: NodeJS.Timeout | undefined;
  let renewedAt = Number.NEGATIVE_INFINITY;

  const listen = (error: unknown) => {
    said = error;
  };

  function drop(): void {
    clearTimeout(greeting);
    unanswered.clear();
    for (const fail of asking) fail(unavailable('The connection to Redis broke before the answer came.', said));
  }

  function renew(why: WebhookError): void {
    if (performance.now() - renewedAt < waitMs) return;
    renewedAt = performance.now();
    onError(why);
    client.disconnect(true);
  }

  function replace(): void {
    renew(silent(', so the connection is made anew'));
  }

  /** A new connection may be silent from the start: ioredis waits for its greeting without an end. */
  function greet(): void {
    clearTimeout(greeting);
    greeting = setTimeout(() => {
      if (client.status === 'connect') replace();
    }, waitMs);
    greeting.unref();
  }

  function unwatch(): void {
    client.off('close', drop);
    client.off('connect', greet);
    client.off('error', listen);
  }

  return {
    async open() {
      unwatch();
      client.on('error', listen);
      // What it throws it tells as well.
      if (client.status === 'wait') await client.connect().catch(listen);
      if (client.status === 'connecting' || client.status === 'connect') await settled(client, waitMs);
      unwatch();
      client.on('error', listen);
      client.on('close', drop);
      client.on('connect', greet);
      if (client.status === 'connect') replace();
      if (client.status !== 'ready') throw notReady();
    },
    ask(question, late) {
      if (client.status !== 'ready') return Promise.reject(notReady());
      if (unanswered.size > bearable) return Promise.reject(silent());
      said = undefined;
      const answer = question();
      return new Promise((resolve, reject) => {
        let waiting = true;
        const fail = (error: WebhookError) => {
          waiting = false;
          reject(error);
        };
        const timer = setTimeout(() => {
          // Once for all that it owes: the next ones are of the same silence.
          if (unanswered.size === bearable) replace();
          unanswered.add(answer);
          fail(silent());
        }, waitMs);
        const end = () => {
          clearTimeout(timer);
          asking.delete(fail);
          unanswered.delete(answer);
        };
        asking.add(fail);
        answer.then(
          (result) => {
            end();
            if (waiting) resolve(result);
            else late?.(result);
          },
          (error: unknown) => {
            end();
            reject(error);
          },
        );
      });
    },
    renew,
    close() {
      unwatch();
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
