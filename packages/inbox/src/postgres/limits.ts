import { inTime } from '@hookproof/core/inbox';
import { silent } from '../answers.ts';
import { type PostgresClient, type PostgresPool, withClient } from './client.ts';
import { explained, isReadOnly } from './refusals.ts';

/** A pool for those who cannot wait for ever. */
export interface LimitedPool extends PostgresPool {
  /** The same connections, where each wait may take as many times longer. */
  patient(times: number): LimitedPool;
}

/** What is known of a pool's connections. */
interface Health {
  /** When one of them was last found to be of no use, by the clock of `performance`. */
  uselessAt: number;
  /** When each was first handed out. */
  readonly since: WeakMap<PostgresClient, number>;
}

/**
 * Has nobody wait for a connection, or for its answer, longer than `limitMs`. A connection that was silent is closed, and
 * so are those that were made before it was found out: what has silenced it, such as a router that forgot them, has as a
 * rule silenced them all, and each would cost the same time again.
 */
export function limitedPool(
  pool: PostgresPool,
  limitMs: number,
  health: Health = { uselessAt: Number.NEGATIVE_INFINITY, since: new WeakMap() },
): LimitedPool {
  async function fresh(): Promise<PostgresClient> {
    for (;;) {
      const connecting = pool.connect();
      const client = await inTime(connecting, limitMs, () => silent('give a connection', limitMs)).catch((error) => {
        // One that comes later is the next one's.
        connecting.then((late) => late.release()).catch(() => undefined);
        throw explained(error);
      });
      const since = health.since.get(client) ?? performance.now();
      health.since.set(client, since);
      if (since > health.uselessAt) return client;
      client.release(true);
    }
  }

  async function connect(): Promise<PostgresClient> {
    const client = await fresh();
    let broken: Error | undefined;
    const fail = (): Error => {
      health.uselessAt = performance.now();
      broken = silent('answer', limitMs);
      return broken;
    };
    return {
      async query(text, values) {
        if (broken !== undefined) throw broken;
        const answer = client.query(text, values);
        try {
          return await inTime(answer, limitMs, fail);
        } catch (error) {
          // The others of the pool lead there as well; new ones may find who is the primary now.
          if (isReadOnly(error)) {
            health.uselessAt = performance.now();
            broken = error;
          }
          throw explained(error);
        }
      },
      release: (given) => client.release(given ?? broken),
      on: (event, listener) => client.on(event, listener),
      off: (event, listener) => client.off(event, listener),
    };
  }

  const limited: LimitedPool = {
    connect,
    query: (text, values) => withClient(limited, (client) => client.query(text, values)),
    on: (event, listener) => pool.on(event, listener),
    off: (event, listener) => pool.off(event, listener),
    patient: (times) => limitedPool(pool, limitMs * times, health),
  };
  return limited;
}
