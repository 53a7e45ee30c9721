import { parseArgs } from 'node:util';
import type { CpuPlan } from './cpu/compare.ts';
import { type Part, type Plans, parts } from './parts.ts';

export const usage = `Hookproof beside hand-written code and its peers, in one run. Figures are ratios; nothing here passes or fails.

  --only part     measure only one part: in-process, peers, forgery, cold, size, http, inbox,
                  profile, or growth or backlog, which are measured only when named
  --rounds n      rounds of each part (5 in each of 3 processes, 7 over HTTP and of the inbox, 5 at each size of growth
                  and backlog)
  --seconds n     length of a round of the inbox (0.5, of backlog 2)
  --requests n    requests of a round over HTTP by each connection (500, of 100 KiB 40, to the inbox 50)
  --bytes n       size of a body over HTTP (250 and 102400)
  --stored n      how many deliveries growth stores (1000000)
  --waiting n     how many wait at most in backlog (1000000)
  --json file     write the figures to a file, too
  --smoke         the least of everything: proves that the benchmark works, its figures mean nothing
  --help          this text`;

const names = Object.keys(parts) as Part[];

export interface Options {
  readonly help: boolean;
  readonly smoke: boolean;
  readonly parts: readonly Part[];
  readonly json: string | undefined;
  readonly plans: Plans;
}

/** Reads the command line; throws a TypeError that says what is wrong with it. */
export function readOptions(): Options {
  const { values } = parseArgs({
    options: {
      only: { type: 'string' },
      rounds: { type: 'string' },
      seconds: { type: 'string' },
      requests: { type: 'string' },
      bytes: { type: 'string' },
      stored: { type: 'string' },
      waiting: { type: 'string' },
      json: { type: 'string' },
      smoke: { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
    },
  });
  const { help, smoke, only, json } = values;
  const rounds = positive('rounds', values.rounds);
  const seconds = positive('seconds', values.seconds);
  const requests = positive('requests', values.requests);
  const bytes = positive('bytes', values.bytes);
  const stored = positive('stored', values.stored) ?? (smoke ? 5_000 : 1_000_000);
  const waiting = positive('waiting', values.waiting) ?? (smoke ? 300 : 1_000_000);
  const size = (ofBytes: number, usually: number) => ({ bytes: ofBytes, requests: requests ?? (smoke ? 5 : usually) });
  const cpu: CpuPlan = {
    processes: smoke ? 1 : 3,
    rounds: rounds ?? (smoke ? 1 : 5),
    samples: smoke ? 2 : 4,
    sampleMs: smoke ? 1 : 10,
  };
  const plans: Plans = {
    cpu,
    inProcess: { larger: smoke ? [] : [10_240, 102_400, 1_048_576], eachScheme: !smoke },
    cold: { rounds: rounds ?? (smoke ? 1 : 15) },
    http: {
      warmups: smoke ? 0 : 1,
      rounds: rounds ?? (smoke ? 1 : 7),
      sizes: bytes === undefined ? [size(250, 500), size(102_400, 40)] : [size(bytes, 40)],
    },
    inbox: {
      warmups: smoke ? 0 : 1,
      rounds: rounds ?? (smoke ? 1 : 7),
      seconds: seconds ?? (smoke ? 0.1 : 0.5),
      httpRequests: requests ?? (smoke ? 2 : 50),
    },
    profile: { deliveries: smoke ? 1_000 : 100_000 },
    growth: {
      sizes: [0, ...[10_000, 100_000, 250_000, 500_000].filter((size) => size < stored), stored],
      rounds: rounds ?? (smoke ? 1 : 5),
      accepts: smoke ? 640 : 6_400,
    },
    backlog: {
      sizes: [...[1_000, 10_000, 100_000].filter((size) => size < waiting), waiting],
      burst: smoke ? 100 : 40_000,
      warmups: smoke ? 0 : 1,
      rounds: rounds ?? (smoke ? 1 : 5),
      seconds: seconds ?? (smoke ? 0.3 : 2),
    },
  };
  return { help, smoke, parts: partsOf(only, smoke), json, plans };
}

function partsOf(only: string | undefined, smoke: boolean): readonly Part[] {
  if (only === undefined) return smoke ? names : names.filter((name) => name !== 'growth' && name !== 'backlog');
  const part = names.find((name) => name === only);
  if (part === undefined) throw new TypeError(`--only is "${only}": use ${names.join(', ')}.`);
  return [part];
}

function positive(option: string, text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  const value = Number(text);
  if (value > 0) return value;
  throw new TypeError(`--${option} is "${text}": use a number above 0.`);
}
