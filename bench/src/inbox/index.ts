import { atEnd, type Child, start } from '../children.ts';
import type { LoadAnswer, LoadQuestion } from '../http/load.ts';
import type { ServerAnswer } from '../http/server.ts';
import { interleave } from '../rounds.ts';
import { targets } from '../targets.ts';
import type { AcceptsAnswer, AcceptsQuestion } from './accepts.ts';
import { type HttpContender, httpContenders } from './contenders.ts';
import { bodyBytes } from './deliveries.ts';
import { type Disk, inspect, makeFolder } from './disk.ts';
import { type Server, startServer } from './servers.ts';
import { libraries } from './stores/contender.ts';
import { spread, type Timing, type TimingRow, toRow } from './timing.ts';

/** How long and how often to measure. */
export interface InboxPlan {
  /** Rounds that are not counted: until then the engine compiles. */
  readonly warmups: number;
  readonly rounds: number;
  readonly seconds: number;
  /** Requests of a round over HTTP by each of 64 connections. */
  readonly httpRequests: number;
}

export interface InboxResult {
  readonly disk: Disk;
  readonly rows: readonly TimingRow[];
  /** Stores that are not here to be measured. */
  readonly skipped: readonly string[];
}

/** Measures how fast the inbox accepts, on each store and behind Express. */
export async function inbox(plan: InboxPlan, progress: (what: string) => void): Promise<InboxResult> {
  const folder = makeFolder();
  const disk = inspect(folder);
  const rows = [...(await sqlite(folder, plan, progress)), ...(await http(folder, plan, progress))];
  const skipped: string[] = [];
  for (const store of ['postgres', 'redis'] as const) {
    const server = await startServer(store);
    if (server === undefined) {
      skipped.push(store);
      continue;
    }
    atEnd(server.stop);
    rows.push(...(await served(store, server, plan, progress)));
    await server.stop();
  }
  return { disk, rows, skipped };
}

async function sqlite(folder: string, plan: InboxPlan, progress: (what: string) => void): Promise<TimingRow[]> {
  const results = await accepts('sqlite', folder, plan, progress);
  const names = Object.keys(results);
  const storing = names.filter((name) => name.startsWith('accept') || name.startsWith('receive'));
  const receiving = names.filter((name) => name.startsWith('receive'));
  return [
    ...storing.map((name) => toRow('SQLite', results, name, 'raw insert')),
    ...receiving.map((name) => toRow('SQLite', results, name, name.replace('receive', 'inline'))),
  ];
}

/** Ours beside the least that stores the same, and beside what the engine's own library does to store a job. */
async function served(
  store: 'postgres' | 'redis',
  { url }: Server,
  plan: InboxPlan,
  progress: (what: string) => void,
): Promise<TimingRow[]> {
  const results = await accepts(store, url, plan, progress);
  return Object.entries(targets.accept[store]).flatMap(([name, target]) => [
    toRow(store, results, name, name.replace('accept', 'raw insert'), target),
    toRow(store, results, name, name.replace('accept', libraries[store])),
  ]);
}

async function accepts(
  store: string,
  place: string,
  plan: InboxPlan,
  progress: (what: string) => void,
): Promise<AcceptsAnswer> {
  progress(`inbox: ${store}`);
  const child = start(new URL('./accepts.js', import.meta.url), [store, place]);
  const question: AcceptsQuestion = plan;
  const results = await child.ask<AcceptsAnswer>(question);
  await child.stop();
  return results;
}

const connections = 64;

/** Measures Express with and without an inbox over loopback: a process per server, one for the load. */
async function http(folder: string, plan: InboxPlan, progress: (what: string) => void): Promise<TimingRow[]> {
  progress('inbox: over HTTP');
  const load = start(new URL('../http/load.js', import.meta.url));
  const servers = new Map(
    httpContenders.map((name) => [name, start(new URL('./server.js', import.meta.url), [name, folder])]),
  );
  const run = async (contender: HttpContender): Promise<Timing> => {
    const server = servers.get(contender);
    if (server === undefined) throw new RangeError(`There is no contender ${contender}.`);
    return measure(load, server, contender, plan);
  };
  await interleave(httpContenders, plan.warmups, run);
  const results = await interleave(httpContenders, plan.rounds, run);
  for (const child of [load, ...servers.values()]) await child.stop();
  return httpContenders
    .filter((name) => name !== 'inline')
    .map((name) => toRow(`Express, ${connections} connections`, results, name, 'inline'));
}

async function measure(
  load: Child,
  server: Child,
  contender: HttpContender,
  { httpRequests: requests }: InboxPlan,
): Promise<Timing> {
  const before = await server.ask<ServerAnswer>('before');
  const question: LoadQuestion = {
    port: before.port,
    bytes: bodyBytes,
    connections,
    requests,
    // An inbox forgets none.
    events: requests,
    expected: { outcome: contender === 'inline' ? 'handled' : 'stored' },
  };
  const { requestsPerSecond, takenMs } = await load.ask<LoadAnswer>(question);
  const after = await server.ask<ServerAnswer>('after');
  return { perSecond: requestsPerSecond, ...spread(takenMs), cpuUs: (after.cpuUs - before.cpuUs) / takenMs.length };
}
