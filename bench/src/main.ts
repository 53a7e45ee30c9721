import { writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { stopAll } from './children.ts';
import { type HttpPlan, type HttpRow, http } from './http/index.ts';
import { type InProcessPlan, type InProcessRow, inProcess } from './in-process/index.ts';
import { machine } from './machine.ts';
import { httpTable, inProcessTable, machineLine } from './table.ts';

const usage = `Hookproof beside hand-written code, in one run. Figures are ratios; nothing here passes or fails.

  --only in-process|http   measure only one half
  --rounds n               rounds of each half (9 in process, 7 over HTTP)
  --seconds n              length of a round over HTTP (1)
  --bytes n                size of a body over HTTP (250)
  --json file              write the figures to a file, too
  --smoke                  the least of everything: proves that the benchmark works, its figures mean nothing
  --help                   this text`;

interface Options {
  readonly help: boolean;
  readonly smoke: boolean;
  readonly only: 'in-process' | 'http' | undefined;
  readonly json: string | undefined;
  readonly inProcess: InProcessPlan;
  readonly http: HttpPlan;
}

function readOptions(): Options {
  const { values } = parseArgs({
    options: {
      only: { type: 'string' },
      rounds: { type: 'string' },
      seconds: { type: 'string' },
      bytes: { type: 'string' },
      json: { type: 'string' },
      smoke: { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
    },
  });
  const { help, smoke, only, json } = values;
  if (only !== undefined && only !== 'in-process' && only !== 'http') {
    throw new TypeError(`--only is "${only}": use in-process or http.`);
  }
  const rounds = positive('rounds', values.rounds);
  return {
    help,
    smoke,
    only,
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
      seconds: positive('seconds', values.seconds) ?? (smoke ? 0.1 : 1),
      bytes: positive('bytes', values.bytes) ?? 250,
    },
  };
}

function optionsOrExit(): Options {
  try {
    return readOptions();
  } catch (error) {
    console.error(`${error instanceof Error ? error.message : error}\n\n${usage}`);
    process.exit(2);
  }
}

async function compare({ smoke, only, json, ...plans }: Options): Promise<void> {
  const facts = machine();
  console.log(`${machineLine(facts)}\n`);
  let inProcessRows: InProcessRow[] = [];
  let httpRows: HttpRow[] = [];
  if (only !== 'http') {
    inProcessRows = await inProcess(plans.inProcess, progress);
    console.log('In process, processor time by the base’s (below 1: cheaper, above 1: dearer):\n');
    console.log(`${inProcessTable(inProcessRows)}\n`);
  }
  if (only !== 'in-process') {
    httpRows = await http(plans.http, progress);
    console.log(`Over HTTP with bodies of ${plans.http.bytes} B, requests/s and processor time by the base’s`);
    console.log('(requests/s above 1: more; CPU below 1: cheaper, above 1: dearer):\n');
    console.log(`${httpTable(httpRows)}\n`);
  }
  if (smoke) console.log('A smoke run: the benchmark works, its figures mean nothing.');
  if (json !== undefined) {
    const figures = { machine: facts, smoke, plans, inProcess: inProcessRows, http: httpRows };
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

for (const [signal, code] of [
  ['SIGINT', 130],
  ['SIGTERM', 143],
] as const) {
  process.once(signal, () => {
    stopAll();
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
    console.error(error);
    process.exitCode = 1;
  } finally {
    stopAll();
  }
}
