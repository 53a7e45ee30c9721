import { randomUUID } from 'node:crypto';
import { type Boss, startBoss } from './boss.ts';
import { type PostgresPool, type PostgresQueries, untilNoConflict, withClient } from './client.ts';

/** A place in the queue for a delivery that is due after some milliseconds. */
export interface NewTicket {
  readonly name: string;
  readonly seq: string;
  readonly delayMs: number;
}

/** A ticket of pg-boss's, which says which delivery's turn it is. */
interface Ticket {
  readonly id: string;
  readonly seq: string;
}

/**
 * The queue of deliveries whose turn it is or comes: jobs of pg-boss. A ticket is only a hint, because the delivery's
 * row says what state it is in: one too many is thrown away. Every method but the first two works in the transaction of
 * who calls it, for receivers that were made `ready` before.
 */
export interface Tickets {
  open(): Promise<void>;
  close(): Promise<void>;
  /** Makes the queues of these receivers; anew where they may be gone. */
  ready(names: readonly string[], anew?: boolean): Promise<void>;
  send(on: PostgresQueries, tickets: readonly NewTicket[]): Promise<void>;
  fetch(on: PostgresQueries, name: string, limit: number): Promise<readonly Ticket[]>;
  end(on: PostgresQueries, name: string, ids: readonly string[]): Promise<void>;
}

/** What pg-boss is told of a ticket; that the worker is lost is seen in its row, long before. */
const queueOptions = { expireInSeconds: 24 * 60 * 60 - 1, retryLimit: 1_000, retryDelay: 0 } as const;

export function ticketsOf(
  pool: PostgresPool,
  { schema, queuePrefix }: { readonly schema: string; readonly queuePrefix: string },
  { supervise, onError }: { readonly supervise: boolean; readonly onError: (error: unknown) => void },
): Tickets {
  let started: Boss | undefined;
  let queues = new Map<string, Promise<void>>();
  const queueOf = (name: string) => `${queuePrefix}-${name}`;

  function boss(): Boss {
    if (started === undefined) throw new Error('pg-boss was not started');
    return started;
  }

  async function makeQueue(name: string): Promise<void> {
    // It makes a table, and meets others who make theirs.
    await untilNoConflict(() => boss().createQueue(queueOf(name), { ...queueOptions }));
    // pg-boss learns of its queue now, and needs no second connection for that in a transaction.
    await boss().insert(queueOf(name), [], {});
  }

  return {
    async open() {
      queues = new Map();
      const executeSql = (text: string, values?: unknown[]) => withClient(pool, (client) => client.query(text, values));
      const options = { db: { executeSql }, schema, supervise, schedule: false };
      started = await untilNoConflict(() => startBoss(options, onError));
    },
    async close() {
      await started?.stop({ graceful: true, wait: true, close: false });
      started = undefined;
    },
    async ready(names, anew = false) {
      const made = names.map((name) => {
        const queue = anew ? undefined : queues.get(name);
        if (queue !== undefined) return queue;
        const making = makeQueue(name);
        queues.set(name, making);
        making.catch(() => queues.delete(name));
        return making;
      });
      await Promise.all(made);
    },
    async send(on, tickets) {
      for (const [name, some] of byName(tickets)) {
        // As an interval, which the database adds to its own clock.
        const jobs = some.map(({ seq, delayMs }) => ({
          id: ticketId(seq),
          name: queueOf(name),
          data: { id: seq },
          startAfter: (Math.max(0, delayMs) / 1_000).toFixed(3),
        }));
        await boss().insert(queueOf(name), jobs, { db: databaseOf(on) });
      }
    },
    async fetch(on, name, limit) {
      const errors: unknown[] = [];
      const db = databaseOf(on, (error) => errors.push(error));
      const jobs = await boss().fetch(queueOf(name), { batchSize: limit, db });
      // pg-boss keeps them to itself, while the transaction cannot go on.
      if (errors.length > 0) throw errors[0];
      return jobs.map(({ id }) => ({ id, seq: seqIn(id) }));
    },
    async end(on, name, ids) {
      if (ids.length > 0) await boss().deleteJob(queueOf(name), [...ids], { db: databaseOf(on) });
    },
  };
}

/** Has pg-boss work in a transaction. */
function databaseOf(on: PostgresQueries, note: (error: unknown) => void = () => {}) {
  return {
    async executeSql(text: string, values?: unknown[]) {
      try {
        return await on.query(text, values);
      } catch (error) {
        note(error);
        throw error;
      }
    },
  };
}

/** Groups by receiver. */
export function byName<T extends { readonly name: string }>(items: readonly T[]): ReadonlyMap<string, readonly T[]> {
  const groups = new Map<string, T[]>();
  for (const item of items) groups.set(item.name, [...(groups.get(item.name) ?? []), item]);
  return groups;
}

/** An id that begins with the delivery's number: what is sent at once is fetched in this order, and its index stays small. */
function ticketId(seq: string): string {
  const number = BigInt(seq).toString(16).padStart(16, '0');
  return `${number.slice(0, 8)}-${number.slice(8, 12)}-${number.slice(12)}-${randomUUID().slice(19)}`;
}

/** The number in a ticket's id; of a job that is no ticket, one that no delivery has, or whose own ticket it is not. */
function seqIn(ticket: string): string {
  return BigInt.asIntN(64, BigInt(`0x${ticket.slice(0, 18).replaceAll('-', '')}`)).toString();
}
