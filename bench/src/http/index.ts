import { type Child, start } from '../children.ts';
import { interleave, median, type Ratio, ratio } from '../rounds.ts';
import { accepted, type Contender, contenders, type Framework, frameworks } from './contenders.ts';
import type { LoadAnswer, LoadQuestion } from './load.ts';
import type { ServerAnswer } from './server.ts';

/** How long and how often to measure. */
export interface HttpPlan {
  /** Rounds that are not counted: until then the engine compiles. */
  readonly warmups: number;
  readonly rounds: number;
  readonly seconds: number;
  readonly bytes: number;
}

/** One contender beside another, its base, on the same framework. */
export interface HttpRow {
  readonly framework: Framework;
  readonly contender: Contender;
  readonly base: Contender;
  /** The contender's requests/s by the base's in the same round; above 1 is faster. */
  readonly ratio: Ratio;
  /** The server's processor time per request by the base's in the same round; above 1 costs more. */
  readonly cpuRatio: Ratio;
  /** Medians of the rounds; processor time in microseconds per request. */
  readonly requestsPerSecond: number;
  readonly baseRequestsPerSecond: number;
  readonly cpuUs: number;
  readonly baseCpuUs: number;
}

interface Round {
  readonly requestsPerSecond: number;
  readonly cpuUs: number;
}

const connections = 12;

/**
 * All together are more than the 10,000 keys that the default store remembers, so when a connection begins its events
 * again, the store has forgotten them: none is ever a duplicate. A round too short to send them all needs fewer: no
 * server here answers 5,000 requests a second on one connection.
 */
function eventsPerConnection(seconds: number): number {
  return Math.min(1_000, Math.ceil(seconds * 5_000));
}

/** Measures every framework over loopback: a process per server, one for the load. */
export async function http(plan: HttpPlan, progress: (what: string) => void): Promise<HttpRow[]> {
  const rows: HttpRow[] = [];
  const load = start(new URL('./load.js', import.meta.url));
  for (const framework of frameworks) {
    progress(`over HTTP: ${framework}`);
    const servers = new Map(
      contenders.map((name) => [name, start(new URL('./server.js', import.meta.url), framework, name)]),
    );
    const run = async (contender: Contender): Promise<Round> => {
      const server = servers.get(contender);
      if (server === undefined) throw new RangeError(`There is no contender ${contender}.`);
      return measure(load, server, plan);
    };
    await interleave(contenders, plan.warmups, run);
    rows.push(...toRows(framework, await interleave(contenders, plan.rounds, run)));
    for (const server of servers.values()) await server.stop();
  }
  await load.stop();
  return rows;
}

async function measure(load: Child, server: Child, { seconds, bytes }: HttpPlan): Promise<Round> {
  const before = await server.ask<ServerAnswer>('before');
  const events = eventsPerConnection(seconds);
  const question: LoadQuestion = { port: before.port, seconds, bytes, connections, events, expected: accepted };
  const { requests, requestsPerSecond } = await load.ask<LoadAnswer>(question);
  const after = await server.ask<ServerAnswer>('after');
  return { requestsPerSecond, cpuUs: (after.cpuUs - before.cpuUs) / requests };
}

function toRows(framework: Framework, results: Record<Contender, Round[]>): HttpRow[] {
  const speed = (contender: Contender) => results[contender].map((round) => round.requestsPerSecond);
  const cost = (contender: Contender) => results[contender].map((round) => round.cpuUs);
  const [base, ...others] = contenders;
  return others.map((contender) => ({
    framework,
    contender,
    base,
    ratio: ratio(speed(contender), speed(base)),
    cpuRatio: ratio(cost(contender), cost(base)),
    requestsPerSecond: median(speed(contender)),
    baseRequestsPerSecond: median(speed(base)),
    cpuUs: median(cost(contender)),
    baseCpuUs: median(cost(base)),
  }));
}
