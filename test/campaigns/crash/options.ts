import process from 'node:process';
import { parseArgs } from 'node:util';
import { type EngineName, engines } from './engines.ts';

export const usage = `The inbox on each engine, with real stores: nothing that was answered with 2xx may be lost, and nothing be handled twice
without a reason. Ends with exit code 1 where there was a violation.

  pnpm crash [engine ...]            servers that are killed with SIGKILL under load, stores that are, servers that are frozen,
                                     many copies of one event at once, and a network that fails between a server and its store
  pnpm crash --soak [minutes] [engine ...]
                                     one server for each engine under steady load (10 minutes), frozen or without its store now
                                     and then: the same counts, and no growth of its heap, sockets and timers
  pnpm crash --help                  this text

  engine                             ${engines.join(', ')}; all unless given
  HOOKPROOF_CRASH_ROUNDS             how many servers are killed, by engine (sqlite:100,postgres:20,redis:20)
  HOOKPROOF_CRASH_OUTAGES            how many times the network fails in each way, by engine (postgres:3,redis:3)`;

export interface Options {
  readonly help: boolean;
  /** Minutes of a soak; undefined where there is none. */
  readonly soak: number | undefined;
  readonly engines: readonly EngineName[];
  readonly rounds: ReadonlyMap<EngineName, number>;
  readonly outages: ReadonlyMap<EngineName, number>;
}

/** Reads the command line and the environment; throws a TypeError that says what is wrong. */
export function readOptions(): Options {
  const { values, positionals } = parseArgs({
    options: { soak: { type: 'boolean', default: false }, help: { type: 'boolean', default: false } },
    allowPositionals: true,
  });
  const minutes = values.soak ? positionals.find((word) => Number(word) > 0) : undefined;
  const words = positionals.filter((word) => word !== minutes);
  const chosen = engines.filter((engine) => words.includes(engine));
  const unknown = words.filter((word) => !engines.some((engine) => engine === word));
  if (unknown.length > 0) throw new TypeError(`There is no engine ${unknown.join(', ')}: ${engines.join(', ')}.`);
  return {
    help: values.help,
    soak: values.soak ? Number(minutes ?? 10) : undefined,
    engines: words.length === 0 ? engines : chosen,
    rounds: timesIn('HOOKPROOF_CRASH_ROUNDS', 'sqlite:100,postgres:20,redis:20'),
    outages: timesIn('HOOKPROOF_CRASH_OUTAGES', 'postgres:3,redis:3'),
  };
}

function timesIn(variable: string, usually: string): ReadonlyMap<EngineName, number> {
  return new Map(
    (process.env[variable] ?? usually).split(',').map((part) => {
      const [name, count] = part.split(':');
      const engine = engines.find((one) => one === name);
      if (engine === undefined || !/^\d+$/.test(count ?? '')) {
        throw new TypeError(`${variable} must look like ${usually}, but has ${part}.`);
      }
      return [engine, Number(count)];
    }),
  );
}
