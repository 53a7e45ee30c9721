import { randomUUID } from 'node:crypto';
import { setTimeout as pause } from 'node:timers/promises';
import type { PostgresClient } from './client.ts';
import type { LimitedPool } from './limits.ts';

/** Milliseconds between two announcements: those who hear them look for all that is due. */
const gapMs = 10;

/** Milliseconds between looks whether the connection on which one listens still carries anything. */
const aliveMs = 10_000;

/** Milliseconds after which a connection that broke is made anew. */
const againMs = 1_000;

// It need not be on the disk.
const notify = `SELECT set_config('synchronous_commit', 'off', true), pg_notify($1, $2)`;

/** How processes tell each other that something is due. What is lost of it costs the time until the next poll. */
export interface Announcements {
  /** Tells the others; nobody waits for it. */
  announce(): void;
  /** Calls `due` for what others announce. */
  listen(due: () => void): void;
  close(): Promise<void>;
}

/** Makes the announcements of a schema, by NOTIFY. */
export function announcementsOf(pool: LimitedPool, schema: string): Announcements {
  const channel = `hookproof ${schema}`;
  // Who has announced it itself knows.
  const self = randomUUID();
  const closing = new AbortController();
  let announcing = false;
  let again = false;
  let listening: Promise<void> | undefined;

  async function announceAll(): Promise<void> {
    announcing = true;
    do {
      again = false;
      await pool.prepared(notify, [channel, self]).catch(() => undefined);
      await rest(gapMs);
    } while (again && !closing.signal.aborted);
    announcing = false;
  }

  async function listenOnce(due: () => void): Promise<void> {
    const client = await pool.connect();
    const broke = new AbortController();
    const note = () => broke.abort();
    const hear = (message: unknown) => {
      if (Reflect.get(Object(message), 'payload') !== self) due();
    };
    listenTo(client, 'error', note);
    listenTo(client, 'end', note);
    listenTo(client, 'notification', hear);
    try {
      await client.query(`LISTEN "${channel}"`);
      // For what was announced while nobody listened.
      due();
      while (!closing.signal.aborted && !broke.signal.aborted) {
        await rest(aliveMs, broke.signal);
        if (!closing.signal.aborted) await client.query('SELECT 1');
      }
    } finally {
      // Not back to the pool: it would go on listening.
      client.release(true);
    }
  }

  async function listenForEver(due: () => void): Promise<void> {
    while (!closing.signal.aborted) {
      await listenOnce(due).catch(() => undefined);
      await rest(againMs);
    }
  }

  /** Waits, unless it is closing or something else happens. */
  async function rest(ms: number, sooner?: AbortSignal): Promise<void> {
    const signal = sooner === undefined ? closing.signal : AbortSignal.any([closing.signal, sooner]);
    await pause(ms, undefined, { signal, ref: false }).catch(() => undefined);
  }

  return {
    announce() {
      again = true;
      if (!announcing && !closing.signal.aborted) void announceAll();
    },
    listen(due) {
      listening ??= listenForEver(due);
    },
    async close() {
      closing.abort();
      await listening;
    },
  };
}

function listenTo(client: PostgresClient, event: string, listener: (message: unknown) => void): void {
  Reflect.apply(client.on, client, [event, listener]);
}

/** What a pool that is shared with handlers has: nothing to spare for listening. */
export function noAnnouncements(): Announcements {
  return { announce: () => undefined, listen: () => undefined, close: async () => undefined };
}
