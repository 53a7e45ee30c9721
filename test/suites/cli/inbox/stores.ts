import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Awaitable } from '@hookproof/core';
import { afterAll, afterEach } from 'vitest';
import { startPostgres, startRedis } from '../../inbox/servers.ts';
import { hookproof, type Surroundings } from '../hookproof.ts';
import { openApp, type Place } from './app.ts';

/** A store, and how the command line names it. */
export interface StoreUnderTest {
  readonly place: Place;
  readonly store: string;
  readonly options: readonly string[];
}

const folder = mkdtempSync(join(tmpdir(), 'hookproof-cli-'));
export const postgres = await startPostgres();
export const redis = await startRedis();
let stores = 0;

afterAll(async () => {
  await Promise.all([postgres?.stop(), redis?.stop()]);
  rmSync(folder, { recursive: true, force: true });
});

/** A path in a folder that is deleted at the end. */
export function newPath(name = 'webhooks.db'): string {
  stores += 1;
  return join(folder, `${stores}-${name}`);
}

function sqliteStore(): StoreUnderTest {
  const path = newPath();
  return { place: { engine: 'sqlite', path }, store: path, options: [] };
}

function postgresStore(): StoreUnderTest {
  stores += 1;
  const [schema, url] = [`s_${stores}`, postgres?.url ?? ''];
  return { place: { engine: 'postgres', url, schema }, store: url, options: ['--schema', schema] };
}

function redisStore(): StoreUnderTest {
  stores += 1;
  const [prefix, url] = [`p${stores}`, redis?.url ?? ''];
  return { place: { engine: 'redis', url, prefix }, store: url, options: ['--prefix', prefix] };
}

/** The engines that are installed, each with a way to make an empty store. */
export const engines: readonly (readonly [engine: string, newStore: () => StoreUnderTest])[] = [
  ['sqlite', sqliteStore],
  ...(postgres === undefined ? [] : [['postgres', postgresStore] as const]),
  ...(redis === undefined ? [] : [['redis', redisStore] as const]),
];

const open: { close: () => Promise<void> }[] = [];
afterEach(async () => {
  await Promise.all(open.splice(0).map(({ close }) => close()));
});

/** An app on a store, closed after the test, and the commands of `hookproof inbox` on the same store. */
export function appOn({ place, store, options }: StoreUnderTest) {
  let breaks: () => Awaitable<string | undefined> = () => 'the disk is full';
  const app = openApp(place, () => breaks());
  open.push(app);
  return {
    ...app,
    /** Handles what is there until nothing is due. */
    work: () => app.inbox.drain({ maxMs: 20_000 }),
    /** Says with what the handler fails from now on. */
    breakWith: (how: typeof breaks) => {
      breaks = how;
    },
    /** Runs `hookproof inbox <command> <store> <words>`. */
    cli: (command: string, words: readonly string[] = [], around?: Surroundings) =>
      hookproof(['inbox', command, store, ...words, ...options], around),
    ids: async () => {
      const ids: string[] = [];
      for await (const { id } of app.inbox.list()) ids.push(id);
      return ids;
    },
  };
}
