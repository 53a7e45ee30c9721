/**
 * `pnpm crash`: servers that are killed with SIGKILL under load, stores that are, many copies of one event at once, and a
 * network that fails between a server and its store. Words choose engines: `pnpm crash sqlite`.
 *
 * - HOOKPROOF_CRASH_ROUNDS: how many servers are killed, by engine; sqlite:100,postgres:20,redis:20 unless given
 * - HOOKPROOF_CRASH_OUTAGES: how many times the network fails in each way, by engine; postgres:3,redis:3 unless given
 */
import process from 'node:process';
import { duplicates } from './duplicates.ts';
import { type EngineName, engines, type Place, placeOf } from './engines.ts';
import { freezes, killRounds, type Result, storeRestarts } from './kills.ts';
import { faults } from './network.ts';
import { outages } from './outages.ts';
import { poison } from './poison.ts';

const rounds = roundsIn('HOOKPROOF_CRASH_ROUNDS', 'sqlite:100,postgres:20,redis:20');
const outageRounds = roundsIn('HOOKPROOF_CRASH_OUTAGES', 'postgres:3,redis:3');
const words = process.argv.slice(2);
const unknown = words.filter((word) => !engines.some((engine) => engine === word));
if (unknown.length > 0) throw new Error(`There is no engine ${unknown.join(', ')}: ${engines.join(', ')}`);

/** What is said of a scenario at its end. */
interface Told {
  readonly lines: readonly string[];
  readonly violations: readonly string[];
}

const chosen = engines.filter((one) => words.length === 0 || words.includes(one));
for (const engine of chosen) await crash(engine);
await sideBySide(rounds, () => 'a delivery that kills every worker', poisoned);
await sideBySide(
  outageRounds,
  (times) => `the network before one of two servers fails in ${faults.length} ways, ${times} times each`,
  (engine, place, times) => outages(engine, place, times).then(told),
);

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
    await scenario(`${engine}: 50 copies of each of 1,000 events, two servers`, () => copies(engine, place));
  } finally {
    await place.remove();
  }
}

/** Plays a scenario and reports it. */
async function scenario(title: string, play: () => Promise<Told>): Promise<void> {
  console.log(`\n${title}`);
  (await played(play))();
}

/** Plays a scenario on all engines at once, each with a store of its own: for one in which time is mostly waited for. */
async function sideBySide(
  timesOf: ReadonlyMap<EngineName, number>,
  title: (times: number) => string,
  play: (engine: EngineName, place: Place, times: number) => Promise<Told>,
): Promise<void> {
  const reports = chosen.map(async (engine) => {
    const times = timesOf.get(engine) ?? 0;
    const place = times === 0 ? undefined : await placeOf(engine);
    if (place === undefined) return () => undefined;
    const report = await played(() => play(engine, place, times)).finally(place.remove);
    return () => {
      console.log(`\n${engine}: ${title(times)}`);
      report();
    };
  });
  for (const report of await Promise.all(reports)) report();
}

/** Plays a scenario, and returns what reports it. What goes wrong in it does not keep the others from being played. */
async function played(play: () => Promise<Told>): Promise<() => void> {
  const started = performance.now();
  const { lines, violations } = await play().catch((error) => ({
    lines: [],
    violations: [error instanceof Error ? (error.stack ?? error.message) : String(error)],
  }));
  const seconds = Math.round((performance.now() - started) / 1_000);
  return () => {
    for (const line of lines) console.log(`  ${line}`);
    console.log(`  ${seconds} s, ${violations.length} violations`);
    for (const violation of violations.slice(0, 10)) console.error(`  VIOLATION: ${violation}`);
    if (violations.length > 0) process.exitCode = 1;
  };
}

function told({ load, handled, handledAgain, afterKill, afterReport, lost, noted = [], violations }: Result): Told {
  const { events, sent, resent } = load.counts;
  const lines = [
    ...noted,
    `${events} events in ${sent} deliveries (${resent} resent): ${inWords(load.statuses)}`,
    `${load.answered.size} answered with 2xx, ${handled} handled, ${lost} lost`,
    `second runs: ${afterKill} in flight at a kill, ${afterReport} reported; ${handledAgain} handled twice`,
  ];
  return { lines, violations };
}

async function copies(engine: EngineName, place: Place): Promise<Told> {
  const { statuses, handled, violations } = await duplicates(engine, place, 1_000, 50);
  return { lines: [`${inWords(statuses)}; ${handled} handled`], violations };
}

async function poisoned(engine: EngineName, place: Place): Promise<Told> {
  const { workers, died, handled, violations } = await poison(engine, place);
  return { lines: [`${workers} workers died; ${died} deliveries dead, ${handled} handled`], violations };
}

function inWords(statuses: ReadonlyMap<number, number>): string {
  return [...statuses].map(([status, count]) => `${count} × ${status === 0 ? 'no reply' : status}`).join(', ');
}

function roundsIn(variable: string, usually: string): ReadonlyMap<EngineName, number> {
  return new Map(
    (process.env[variable] ?? usually).split(',').map((part) => {
      const [name, count] = part.split(':');
      const engine = engines.find((one) => one === name);
      if (engine === undefined || !/^\d+$/.test(count ?? '')) {
        throw new Error(`${variable} must look like sqlite:100,redis:20, but has ${part}`);
      }
      return [engine, Number(count)];
    }),
  );
}
