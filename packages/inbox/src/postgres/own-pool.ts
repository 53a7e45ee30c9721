import { isPool, type PostgresClient, type PostgresPool } from './client.ts';

/** A pool that is the inbox's to end. */
export interface OwnPool extends PostgresPool {
  end(): Promise<void>;
}

/** Connections that an inbox uses at once: to store, take, record, prolong and look, and one on which it listens. */
const most = 6;

/**
 * Makes a pool as the user's is, for the inbox alone: handlers that hold every connection of theirs do not keep it from
 * its work. Undefined where the user gave something else that has a pool's methods, which is then shared.
 */
export function ownPoolLike(pool: PostgresPool, connectionTimeoutMillis: number): OwnPool | undefined {
  const options: unknown = Reflect.get(pool, 'options');
  if (typeof options !== 'object' || options === null || !('Client' in pool)) return undefined;
  // The pool of pg hides the password from whoever copies its options.
  const password: unknown = Reflect.get(options, 'password');
  const own: unknown = Reflect.construct(pool.constructor, [
    { ...options, ...(password !== undefined && { password }), max: most, min: 0, connectionTimeoutMillis },
  ]);
  if (!isOwnPool(own)) return undefined;
  // What the user does to each new connection, such as SET ROLE, belongs to these too.
  for (const listener of listenersOf(pool)) Reflect.apply(own.on, own, ['connect', listener]);
  return own;
}

function isOwnPool(value: unknown): value is OwnPool {
  return isPool(value) && typeof Reflect.get(value, 'end') === 'function';
}

function listenersOf(pool: PostgresPool): readonly unknown[] {
  const listeners: unknown = Reflect.get(pool, 'listeners');
  if (typeof listeners !== 'function') return [];
  const found: unknown = Reflect.apply(listeners, pool, ['connect']);
  return Array.isArray(found) ? found : [];
}

/** Connections that are listened to. They may be of a pool that several inboxes are given. */
const heard = new WeakSet<PostgresClient>();

/**
 * A connection that breaks while a handler has it tells so by an event, which ends the process where nobody listens.
 * What the handler asks next fails as well, and that is enough.
 *
 * @returns ends it
 */
export function listenForBreaks(pool: PostgresPool): () => void {
  const listen = (client: PostgresClient) => {
    if (!heard.has(client)) client.on('error', () => undefined);
    heard.add(client);
  };
  for (const event of ['connect', 'acquire']) Reflect.apply(pool.on, pool, [event, listen]);
  return () => {
    for (const event of ['connect', 'acquire']) Reflect.apply(pool.off, pool, [event, listen]);
  };
}
