import { mkdtempSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { atEnd, type Child, start } from '../../children.ts';
import { startServer } from '../servers.ts';
import type { BacklogQuestion, Seen, Worked } from './process.ts';
import { clock } from './subjects/subject.ts';

export const stores = ['sqlite', 'postgres', 'redis'] as const;

export type Store = (typeof stores)[number];

/** What is measured on a store: ours, and the engine that does the same without us. */
export const subjects: Readonly<Record<Store, { readonly ours: Store; readonly bare?: 'pg-boss' | 'bullmq' }>> = {
  sqlite: { ours: 'sqlite' },
  postgres: { ours: 'postgres', bare: 'pg-boss' },
  redis: { ours: 'redis', bare: 'bullmq' },
};

/** How a store is worked on. */
export interface Task {
  /** Events that wait when it begins. */
  readonly waiting: number;
  /** Processes that work. */
  readonly processes: number;
  readonly seconds: number;
  /** Handlers at once in each process; 10 by default. */
  readonly concurrency?: number;
  /** Milliseconds that each takes; 0 by default. */
  readonly handlerMs?: number;
}

export interface Measured {
  /** Events that were handled, while all processes were at it. */
  readonly perSecond: number;
  /** Milliseconds from the way into the store to the handler, of a receiver for which one event comes now and then. */
  readonly waitsMs: readonly number[];
}

/** A subject with a store of its own, in processes of their own. */
export interface Stand {
  readonly measure: (task: Task) => Promise<Measured>;
  readonly end: () => Promise<void>;
}

/** Milliseconds within which all that was sent must be handled. */
const mostMs = 60_000;

/** Milliseconds between two events of the quiet receiver. */
const quietMs = 20;

/** Sets up a subject with an empty store; undefined where the store's server is not installed. */
export async function setUp(
  store: Store,
  subject: Store | 'pg-boss' | 'bullmq',
  folder: string,
): Promise<Stand | undefined> {
  const server = store === 'sqlite' ? undefined : await startServer(store);
  if (server === undefined && store !== 'sqlite') return undefined;
  if (server !== undefined) atEnd(server.stop);
  const place = server?.url ?? join(mkdtempSync(join(folder, 'backlog-')), 'inbox.db');
  const begin = () => start(new URL('./process.js', import.meta.url), [subject, place]);
  const sender = begin();
  // The tables are there before others look for them.
  await ask(sender, { do: 'fill', count: 1 });
  const workers: Child[] = [];
  let left = 1;
  return {
    async measure({ waiting, processes, seconds, concurrency = 10, handlerMs = 0 }) {
      if (waiting > left) await ask(sender, { do: 'fill', count: waiting - left });
      left = Math.max(left, waiting);
      while (workers.length < processes) workers.push(begin());
      const working = workers.slice(0, processes);
      await Promise.all(working.map((worker) => ask(worker, { do: 'begin', concurrency, handlerMs })));
      // Without the other receiver, because to store for it costs, too.
      await pause(seconds * 1_000);
      const until = clock();
      const sent = await ask<number>(sender, { do: 'send', seconds: seconds / 2, everyMs: quietMs });
      await allHeard(working, sent, waiting > 0 ? 1 : 0);
      const worked = await Promise.all(working.map((worker) => ask<Worked>(worker, { do: 'end' })));
      for (const { handledAt } of worked) left -= handledAt.length;
      return {
        perSecond: perSecond(worked, until),
        waitsMs: worked.flatMap(({ waitsMs }) => waitsMs),
      };
    },
    async end() {
      for (const child of [sender, ...workers]) await child.stop();
      await server?.stop();
    },
  };
}

const ask = <Value = void>(child: Child, question: BacklogQuestion) => child.ask<Value>(question);

/** Waits until the quiet receiver got all that was sent to it, and the other one something. */
async function allHeard(workers: readonly Child[], sent: number, least: number): Promise<void> {
  const until = performance.now() + mostMs;
  while (performance.now() < until) {
    const seen = await Promise.all(workers.map((worker) => ask<Seen>(worker, { do: 'look' })));
    const sum = (of: (seen: Seen) => number) => seen.map(of).reduce((total, one) => total + one, 0);
    if (sum(({ heard }) => heard) >= sent && sum(({ handled }) => handled) >= least) return;
    await pause(20);
  }
  throw new Error(`Not all of ${sent} events got to their handler within ${mostMs / 1_000} s.`);
}

/** What was handled per second up to a time, while all were at it; where one came too late to get anything, while any was. */
function perSecond(processes: readonly Worked[], until: number): number {
  const begun = processes.map(({ begunAt }) => begunAt ?? Number.POSITIVE_INFINITY);
  const inTime = processes.map(({ handledAt }) => handledAt.filter((at) => at <= until));
  const ended = inTime.map((handledAt) => handledAt.at(-1) ?? Number.NEGATIVE_INFINITY);
  const handledAt = inTime.flat();
  const rate = (from: number, to: number) =>
    (handledAt.filter((at) => at > from && at <= to).length * 1_000) / (to - from);
  const [from, to] = [Math.max(...begun), Math.min(...ended)];
  return from < to ? rate(from, to) : rate(Math.min(...begun), Math.max(...ended));
}
