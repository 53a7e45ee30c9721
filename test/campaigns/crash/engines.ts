import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Inbox } from '@hookproof/core';
import type { InboxOptions } from '@hookproof/inbox';
import { startPostgres, startRedis } from '../../suites/inbox/servers.ts';

export const engines = ['sqlite', 'postgres', 'redis'] as const;

export type EngineName = (typeof engines)[number];

/** Where a store is, for every process that shares it. */
export interface Place {
  /** A file, or the URL of a server. */
  readonly at: string;
  /** Ends the store's own server with SIGKILL and starts it again; undefined where there is none. */
  readonly restart: (() => Promise<void>) | undefined;
  readonly remove: () => Promise<void>;
}

/** A store of the tests' own; undefined, said in one line, where its server is not installed. */
export async function placeOf(engine: EngineName): Promise<Place | undefined> {
  if (engine === 'sqlite') {
    const folder = mkdtempSync(join(tmpdir(), 'hookproof-crash-'));
    const remove = async () => rmSync(folder, { recursive: true, force: true });
    return { at: join(folder, 'inbox.db'), restart: undefined, remove };
  }
  const server = await (engine === 'postgres' ? startPostgres() : startRedis());
  return server && { at: server.url, restart: server.restart, remove: server.stop };
}

/** An inbox in one process, with all that it needs there. */
export interface Opened {
  readonly inbox: Inbox;
  readonly close: () => Promise<void>;
}

/** Opens the inbox at a place. Only its own client is loaded. */
export async function openInbox(engine: EngineName, at: string, options: InboxOptions): Promise<Opened> {
  if (engine === 'sqlite') {
    const { sqliteInbox } = await import('@hookproof/inbox/sqlite');
    const inbox = sqliteInbox({ path: at, ...options });
    return { inbox, close: () => inbox.close() };
  }
  if (engine === 'postgres') {
    const { postgresInbox } = await import('@hookproof/inbox/postgres');
    const { default: pg } = await import('pg');
    const pool = new pg.Pool({ connectionString: at, max: 20 });
    // Connections that break while idle: the pool makes new ones.
    pool.on('error', () => undefined);
    const inbox = postgresInbox({ pool, ...options });
    return { inbox, close: () => inbox.close().finally(() => pool.end()) };
  }
  const { redisInbox } = await import('@hookproof/inbox/redis');
  const { Redis } = await import('ioredis');
  const connection = new Redis(at, { maxRetriesPerRequest: null });
  connection.on('error', () => undefined);
  const inbox = redisInbox({ connection, ...options });
  return { inbox, close: () => inbox.close().finally(() => connection.disconnect()) };
}
