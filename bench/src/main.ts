import { writeFileSync } from 'node:fs';
import { stopAll } from './children.ts';
import { machine, machineLine } from './machine.ts';
import { type Options, readOptions, usage } from './options.ts';
import { parts } from './parts.ts';
import { standing } from './report.ts';
import type { Verdict } from './targets.ts';

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
    await run(options);
  } catch (error) {
    // What runs fails because its processes are gone.
    if (!interrupted) console.error(error);
    process.exitCode = 1;
  } finally {
    await stopAll();
  }
}

function optionsOrExit(): Options {
  try {
    return readOptions();
  } catch (error) {
    console.error(`${error instanceof Error ? error.message : error}\n\n${usage}`);
    process.exit(2);
  }
}

async function run({ smoke, parts: names, json, plans }: Options): Promise<void> {
  const facts = machine();
  console.log(`${machineLine(facts)}\n`);
  const figures: Record<string, unknown> = { machine: facts, smoke, plans };
  const verdicts: Verdict[] = [];
  for (const name of names) {
    const report = await parts[name](plans, (what) => console.error(`… ${what}`));
    console.log(`${report.text}\n`);
    figures[name] = report.figures;
    verdicts.push(...report.verdicts);
  }
  if (smoke) console.log('A smoke run: the benchmark works, its figures mean nothing.');
  else if (verdicts.length > 0) console.log(standing(verdicts));
  if (json !== undefined) writeFileSync(json, `${JSON.stringify(figures, null, 2)}\n`);
}
