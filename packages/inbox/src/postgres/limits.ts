import { inTime } from '@hookproof/core/inbox';
import { silent } from '../answers.ts';
import { type PostgresClient, type PostgresPool, withClient } from './client.ts';
import { type Named, preparedStatements } from './sessions.ts';
import { explained, isReadOnly } from './trouble.ts';

type Answer = Promise<{ readonly rows: unknown[] }>;

/** A pool for those who cannot wait for ever. */
export interface LimitedPool extends PostgresPool {
  /** Runs a statement that each connection reads and plans once, where that can be; else as `query` does. */
  prepared(text: string, values: unknown[]): Answer;
  /** The same connections, where each wait may take as many times longer. */
  patient(times: number): LimitedPool;
}

interface LimitedClient extends PostgresClient {
  prepared(text: string, values: unknown[]): Answer;
}

/** What is known of a pool's connections. */
interface Health {
  /** When one of them was last found to be of no use, by the clock of `performance`. */
  uselessAt: number;
  /** When each was first handed out. */
  readonly since: WeakMap<PostgresClient, number>;
  /** Names of statements, where connections keep what they prepare. */
  readonly named: (client: PostgresClient, text: string) => Promise<Named | undefined>;
}

/**
 * Has nobody wait for a connection, or for its answer, longer than `limitMs`. A connection that was silent is closed, and
 * so are those that were made before it was found out: what has silenced it, such as a router that forgot them, has as a
 * rule silenced them all, and each would cost the same time again.
 *
 * @param isOwn whether nobody else uses the pool
 */
export function limitedPool(pool: PostgresPool, limitMs: number, isOwn: boolean): LimitedPool {
  const since = new WeakMap<PostgresClient, number>();
  return withHealth(pool, limitMs, { uselessAt: Number.NEGATIVE_INFINITY, since, named: preparedStatements(isOwn) });
}

function withHealth(pool: PostgresPool, limitMs: number, health: Health): LimitedPool {
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

  async function connect(): Promise<LimitedClient> {
    const client = await fresh();
    let broken: Error | undefined;
    const fail = (): Error => {
      health.uselessAt = performance.now();
      broken = silent('answer', limitMs);
      return broken;
    };

    async function ask(question: () => Answer): Answer {
      if (broken !== undefined) throw broken;
      try {
        return await inTime(question(), limitMs, fail);
      } catch (error) {
        // The others of the pool lead there as well; new ones may find who is the primary now.
        if (isReadOnly(error)) {
          health.uselessAt = performance.now();
          broken = error;
        }
        throw explained(error);
      }
    }

    return {
      query: (text, values) => ask(() => client.query(text, values)),
      prepared: (text, values) =>
        ask(async () => {
          const run = await health.named(client, text);
          return run === undefined ? client.query(text, values) : run(values);
        }),
      release: (given) => client.release(given ?? broken),
      on: (event, listener) => client.on(event, listener),
      off: (event, listener) => client.off(event, listener),
    };
  }

  const limited: LimitedPool = {
    connect,
    query: (text, values) => withClient({ connect }, (client) => client.query(text, values)),
    prepared: (text, values) => withClient({ connect }, (client) => client.prepared(text, values)),
    on: (event, listener) => pool.on(event, listener),
    off: (event, listener) => pool.off(event, listener),
    patient: (times) => withHealth(pool, limitMs * times, health),
  };
  return limited;
}
