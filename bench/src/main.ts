import { writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { stopAll } from './children.ts';
import { type HttpPlan, type HttpRow, http } from './http/index.ts';
import { type InProcessPlan, type InProcessRow, inProcess } from './in-process/index.ts';
import { type GrowthPlan, type GrowthResult, growth } from './inbox/growing.ts';
import { type InboxPlan, type InboxResult, inbox } from './inbox/index.ts';
import { machine } from './machine.ts';
import { diskLine, growthTable, httpTable, inProcessTable, machineLine, timingTable } from './table.ts';

const usage = `Hookproof beside hand-written code, in one run. Figures are ratios; nothing here passes or fails.

  --only part     measure only one part: in-process, http, inbox, or growth, which is measured only when named
  --rounds n      rounds of each part (9 in process, 7 over HTTP and of the inbox, 5 at each size of growth)
  --seconds n     length of a round over HTTP (1) and otherwise of the inbox (0.5)
  --bytes n       size of a body over HTTP (250)
  --stored n      how many deliveries growth stores (1000000)
  --json file     write the figures to a file, too
  --smoke         the least of everything: proves that the benchmark works, its figures mean nothing
  --help          this text`;

const parts = ['in-process', 'http', 'inbox', 'growth'] as const;

type Part = (typeof parts)[number];

interface Options {
  readonly help: boolean;
  readonly smoke: boolean;
  readonly parts: readonly Part[];
  readonly json: string | undefined;
  readonly inProcess: InProcessPlan;
  readonly http: HttpPlan;
  readonly inbox: InboxPlan;
  readonly growth: GrowthPlan;
}

function readOptions(): Options {
  const { values } = parseArgs({
    options: {
      only: { type: 'string' },
      rounds: { type: 'string' },
      seconds: { type: 'string' },
      bytes: { type: 'string' },
      stored: { type: 'string' },
      json: { type: 'string' },
      smoke: { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
    },
  });
  const { help, smoke, only, json } = values;
  const rounds = positive('rounds', values.rounds);
  const seconds = positive('seconds', values.seconds);
  const stored = positive('stored', values.stored) ?? (smoke ? 5_000 : 1_000_000);
  return {
    help,
    smoke,
    parts: partsOf(only, smoke),
    json,
    inProcess: {
      sizes: smoke ? [250] : [250, 10_240, 102_400],
      rounds: rounds ?? (smoke ? 1 : 9),
      samples: smoke ? 2 : 4,
      sampleMs: smoke ? 1 : 10,
    },
    http: {
      warmups: smoke ? 0 : 1,
      rounds: rounds ?? (smoke ? 1 : 7),
      seconds: seconds ?? (smoke ? 0.1 : 1),
      bytes: positive('bytes', values.bytes) ?? 250,
    },
    inbox: {
      warmups: smoke ? 0 : 1,
      rounds: rounds ?? (smoke ? 1 : 7),
      seconds: seconds ?? (smoke ? 0.1 : 0.5),
      httpSeconds: seconds ?? (smoke ? 0.1 : 1),
    },
    growth: {
      sizes: [0, ...[10_000, 100_000, 250_000, 500_000].filter((size) => size < stored), stored],
      rounds: rounds ?? (smoke ? 1 : 5),
      accepts: smoke ? 640 : 6_400,
    },
  };
}

function partsOf(only: string | undefined, smoke: boolean): readonly Part[] {
  if (only === undefined) return smoke ? parts : parts.filter((part) => part !== 'growth');
  const part = parts.find((one) => one === only);
  if (part === undefined) throw new TypeError(`--only is "${only}": use ${parts.join(', ')}.`);
  return [part];
}

function optionsOrExit(): Options {
  try {
    return readOptions();
  } catch (error) {
    console.error(`${error instanceof Error ? error.message : error}\n\n${usage}`);
    process.exit(2);
  }
}

async function compare({ smoke, parts, json, ...plans }: Options): Promise<void> {
  const facts = machine();
  console.log(`${machineLine(facts)}\n`);
  let inProcessRows: InProcessRow[] = [];
  let httpRows: HttpRow[] = [];
  let inboxResult: InboxResult | undefined;
  let growthResult: GrowthResult | undefined;
  if (parts.includes('in-process')) {
    inProcessRows = await inProcess(plans.inProcess, progress);
    console.log('In process, processor time by the base’s (below 1: cheaper, above 1: dearer):\n');
    console.log(`${inProcessTable(inProcessRows)}\n`);
  }
  if (parts.includes('http')) {
    httpRows = await http(plans.http, progress);
    console.log(`Over HTTP with bodies of ${plans.http.bytes} B, requests/s and processor time by the base’s`);
    console.log('(requests/s above 1: more; CPU below 1: cheaper, above 1: dearer):\n');
    console.log(`${httpTable(httpRows)}\n`);
  }
  if (parts.includes('inbox')) {
    inboxResult = await inbox(plans.inbox, progress);
    console.log('The inbox, calls/s by the base’s (above 1: more), and how long a call takes:\n');
    console.log(`${timingTable(inboxResult.rows)}\n\n${diskLine(inboxResult.disk)}.\n`);
  }
  if (parts.includes('growth')) {
    growthResult = await growth(plans.growth, progress);
    console.log('The inbox in SQLite as it grows, time per accept with 64 callers by that of an empty one');
    console.log('(above 1: slower), and to lease and settle a delivery (work):\n');
    console.log(`${growthTable(growthResult.rows)}\n\n${diskLine(growthResult.disk)}.\n`);
  }
  if (smoke) console.log('A smoke run: the benchmark works, its figures mean nothing.');
  if (json !== undefined) {
    const figures = {
      machine: facts,
      smoke,
      plans,
      inProcess: inProcessRows,
      http: httpRows,
      inbox: inboxResult,
      growth: growthResult,
    };
    writeFileSync(json, `${JSON.stringify(figures, null, 2)}\n`);
  }
}

function positive(option: string, text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  const value = Number(text);
  if (value > 0) return value;
  throw new TypeError(`--${option} is "${text}": use a number above 0.`);
}

function progress(what: string): void {
  console.error(`… ${what}`);
}

let interrupted = false;
for (const [signal, code] of [
  ['SIGINT', 130],
  ['SIGTERM', 143],
] as const) {
  process.once(signal, async () => {
    interrupted = true;
    await stopAll();
    process.exit(code);
  });
}

const options = optionsOrExit();
if (options.help) {
  console.log(usage);
} else {
  try {
    await compare(options);
  } catch (error) {
    // What runs fails because its processes are gone.
    if (!interrupted) console.error(error);
    process.exitCode = 1;
  } finally {
    await stopAll();
  }
}
