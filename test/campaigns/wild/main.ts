import { mkdtempSync, realpathSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { makeSituations } from './prepare.ts';
import { rows } from './rows/index.ts';
import { type Result, runRow } from './run.ts';
import { tableOf } from './table.ts';

const help = `Tries the packed packages amid real packages, as apps of today have them, and prints one table.

  pnpm wild                a sample, as CI runs it
  pnpm wild --all          everything
  pnpm wild --only <text>  the rows that have the text in what stands around the receiver or in their situation
  pnpm wild --help         this`;

const { values } = parseArgs({
  options: { all: { type: 'boolean' }, only: { type: 'string' }, help: { type: 'boolean' } },
});
if (values.help) {
  console.log(help);
  process.exit();
}

const words = values.only?.toLowerCase();
const chosen = rows.filter(({ around, situation, sample }) =>
  words === undefined ? values.all === true || sample === true : `${around} ${situation}`.toLowerCase().includes(words),
);
if (chosen.length === 0) throw new Error(`no row has "${values.only}" in its name`);

const scratch = realpathSync(mkdtempSync(join(tmpdir(), 'hookproof-wild-')));
process.on('exit', () => rmSync(scratch, { recursive: true, force: true }));

const situations = await makeSituations(scratch, [...new Set(chosen.map(({ situation }) => situation))]);
const bySituation = new Map<string, number[]>();
for (const [place, { situation }] of chosen.entries())
  bySituation.set(situation, [...(bySituation.get(situation) ?? []), place]);
const waiting = [...bySituation.values()];
const results: Result[] = [];

async function work(): Promise<void> {
  for (let places = waiting.shift(); places !== undefined; places = waiting.shift()) {
    // One after the other: a build locks the folder in which it works.
    for (const place of places) {
      const row = chosen[place];
      if (row !== undefined) results[place] = await runRow(row, situations);
    }
  }
}
// Two at a time: an app waits for its start more than it computes.
await Promise.all([work(), work()]);

console.log(tableOf(results));
process.exitCode = results.every(({ failures }) => failures.length === 0) ? 0 : 1;
