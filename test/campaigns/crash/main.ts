/**
 * `pnpm crash`: servers that are killed with SIGKILL under load, stores that are, and many copies of one event at once.
 * Words choose engines: `pnpm crash sqlite`.
 *
 * - HOOKPROOF_CRASH_ROUNDS: how many servers are killed, by engine; sqlite:100,postgres:20,redis:20 unless given
 */
import process from 'node:process';
import { duplicates } from './duplicates.ts';
import { type EngineName, engines, type Place, placeOf } from './engines.ts';
import { freezes, killRounds, type Result, storeRestarts } from './kills.ts';
import { poison } from './poison.ts';

const rounds = roundsIn(process.env['HOOKPROOF_CRASH_ROUNDS'] ?? 'sqlite:100,postgres:20,redis:20');
const words = process.argv.slice(2);
const unknown = words.filter((word) => !engines.some((engine) => engine === word));
if (unknown.length > 0) throw new Error(`There is no engine ${unknown.join(', ')}: ${engines.join(', ')}`);

for (const engine of engines.filter((one) => words.length === 0 || words.includes(one))) await crash(engine);

async function crash(engine: EngineName): Promise<void> {
  const kills = rounds.get(engine) ?? 0;
  if (kills === 0) return;
  const place = await placeOf(engine);
  if (place === undefined) return;
  try {
    await scenario(`${engine}: ${kills} servers killed`, () => killRounds(engine, place, kills).then(told));
    if (place.restart !== undefined) {
      await scenario(`${engine}: the store's server killed 5 times`, () => storeRestarts(engine, place, 5).then(told));
    }
    await scenario(`${engine}: one of two servers or both frozen, 6 times`, () => freezes(engine, place, 6).then(told));
    await scenario(`${engine}: a delivery that kills every worker`, () => poisoned(engine, place));
    await scenario(`${engine}: 50 copies of each of 1,000 events, two servers`, () => copies(engine, place));
  } finally {
    await place.remove();
  }
}

/** Plays one scenario; what goes wrong in it is said, and does not keep the others from being played. */
async function scenario(title: string, play: () => Promise<readonly string[]>): Promise<void> {
  console.log(`\n${title}`);
  const started = performance.now();
  let violations: readonly string[];
  try {
    violations = await play();
  } catch (error) {
    violations = [error instanceof Error ? (error.stack ?? error.message) : String(error)];
  }
  console.log(`  ${Math.round((performance.now() - started) / 1_000)} s, ${violations.length} violations`);
  for (const violation of violations.slice(0, 10)) console.error(`  VIOLATION: ${violation}`);
  if (violations.length > 0) process.exitCode = 1;
}

function told({ load, handled, handledAgain, afterKill, afterReport, lost, violations }: Result): readonly string[] {
  const { events, sent, resent } = load.counts;
  console.log(`  ${events} events in ${sent} deliveries (${resent} resent): ${inWords(load.statuses)}`);
  console.log(`  ${load.answered.size} answered with 2xx, ${handled} handled, ${lost} lost`);
  console.log(
    `  second runs: ${afterKill} in flight at a kill, ${afterReport} reported; ${handledAgain} handled twice`,
  );
  return violations;
}

async function copies(engine: EngineName, place: Place): Promise<readonly string[]> {
  const { statuses, handled, violations } = await duplicates(engine, place, 1_000, 50);
  console.log(`  ${inWords(statuses)}; ${handled} handled`);
  return violations;
}

async function poisoned(engine: EngineName, place: Place): Promise<readonly string[]> {
  const { workers, died, handled, violations } = await poison(engine, place);
  console.log(`  ${workers} workers died; ${died} deliveries dead, ${handled} handled`);
  return violations;
}

function inWords(statuses: ReadonlyMap<number, number>): string {
  return [...statuses].map(([status, count]) => `${count} × ${status === 0 ? 'no reply' : status}`).join(', ');
}

function roundsIn(text: string): ReadonlyMap<string, number> {
  return new Map(
    text.split(',').map((part) => {
      const [engine = '', count] = part.split(':');
      if (!engines.some((one) => one === engine) || !/^\d+$/.test(count ?? '')) {
        throw new Error(`HOOKPROOF_CRASH_ROUNDS must look like sqlite:100,redis:20, but has ${part}`);
      }
      return [engine, Number(count)];
    }),
  );
}
