import { type Child, start } from '../children.ts';
import { interleave, median, type Ratio, ratio } from '../rounds.ts';
import { type Target, targets } from '../targets.ts';
import { accepted, type Contender, contenders, type Framework, frameworks } from './contenders.ts';
import type { LoadAnswer, LoadQuestion } from './load.ts';
import type { ServerAnswer } from './server.ts';

/** How long and how often to measure. */
export interface HttpPlan {
  /** Rounds that are not counted: until then the engine compiles. */
  readonly warmups: number;
  readonly rounds: number;
  readonly sizes: readonly HttpSize[];
}

/** Bodies of one size. */
interface HttpSize {
  readonly bytes: number;
  /** Requests of a round by each of 12 connections. */
  readonly requests: number;
}

/** One contender beside another, its base, on the same framework. */
export interface HttpRow {
  readonly framework: Framework;
  readonly bytes: number;
  readonly contender: Contender;
  readonly base: Contender;
  readonly target: Target | undefined;
  /** The contender's requests per second of processor time by the base's in the same round; above 1 is cheaper. */
  readonly ratio: Ratio;
  /** The contender's requests per second by the base's in the same round; above 1 is more. */
  readonly rateRatio: Ratio;
  /** Medians of the rounds; processor time of the whole server in microseconds per request. */
  readonly cpuUs: number;
  readonly baseCpuUs: number;
  readonly requestsPerSecond: number;
  readonly baseRequestsPerSecond: number;
}

interface Round {
  readonly requestsPerSecond: number;
  readonly cpuUs: number;
}

const connections = 12;

/** Measures every framework over loopback: a process per server, one for the load. */
export async function http(plan: HttpPlan, progress: (what: string) => void): Promise<HttpRow[]> {
  const rows: HttpRow[] = [];
  const load = start(new URL('./load.js', import.meta.url));
  for (const size of plan.sizes) {
    for (const framework of frameworks) {
      progress(`over HTTP: ${framework}, ${size.bytes} B`);
      rows.push(...(await onFramework(framework, size, plan, load)));
    }
  }
  await load.stop();
  return rows;
}

/** Bodies that a connection holds ready for a round, in bytes: with more it sends the same events again. */
const stockBytes = 2 * 1024 * 1024;

async function onFramework(framework: Framework, size: HttpSize, plan: HttpPlan, load: Child): Promise<HttpRow[]> {
  const { bytes, requests } = size;
  const events = Math.min(requests, Math.ceil(stockBytes / bytes));
  // With dedupe each event must be new.
  const names = contenders.filter((name) => name !== 'hookproof with dedupe' || events === requests);
  const servers = new Map(
    names.map((name) => [name, start(new URL('./server.js', import.meta.url), [framework, name])] as const),
  );
  const run = async (contender: Contender): Promise<Round> => {
    const server = servers.get(contender);
    if (server === undefined) throw new RangeError(`There is no contender ${contender}.`);
    return measure(load, server, { bytes, requests, events });
  };
  await interleave(names, plan.warmups, run);
  const results = await interleave(names, plan.rounds, run);
  for (const server of servers.values()) await server.stop();
  return names
    .filter((name) => name !== 'hand-written')
    .map((name) => toRow(framework, bytes, name, results[name], results['hand-written']));
}

async function measure(
  load: Child,
  server: Child,
  plan: Pick<LoadQuestion, 'bytes' | 'requests' | 'events'>,
): Promise<Round> {
  const before = await server.ask<ServerAnswer>('before');
  const question: LoadQuestion = { port: before.port, connections, expected: accepted, ...plan };
  const { requestsPerSecond } = await load.ask<LoadAnswer>(question);
  const after = await server.ask<ServerAnswer>('after');
  return { requestsPerSecond, cpuUs: (after.cpuUs - before.cpuUs) / (connections * plan.requests) };
}

function toRow(
  framework: Framework,
  bytes: number,
  contender: Contender,
  ours: readonly Round[],
  base: readonly Round[],
): HttpRow {
  const speed = (rounds: readonly Round[]) => rounds.map(({ requestsPerSecond }) => requestsPerSecond);
  const cost = (rounds: readonly Round[]) => rounds.map(({ cpuUs }) => cpuUs);
  return {
    ...{ framework, bytes, contender, base: 'hand-written' },
    target: contender === 'hookproof' ? targetOf(framework, bytes) : undefined,
    ratio: ratio(cost(base), cost(ours)),
    rateRatio: ratio(speed(ours), speed(base)),
    cpuUs: median(cost(ours)),
    baseCpuUs: median(cost(base)),
    requestsPerSecond: median(speed(ours)),
    baseRequestsPerSecond: median(speed(base)),
  };
}

function targetOf(framework: Framework, bytes: number): Target | undefined {
  if (bytes === 250) return targets.http[framework];
  return bytes === 102_400 ? targets.httpLargeBody : undefined;
}
