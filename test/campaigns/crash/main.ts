/** `pnpm crash`: see `pnpm crash --help`. */
import process from 'node:process';
import { duplicates } from './duplicates.ts';
import { type EngineName, type Place, placeOf } from './engines.ts';
import { freezes, killRounds, type Result, storeRestarts } from './kills.ts';
import { faults } from './network.ts';
import { type Options, readOptions, usage } from './options.ts';
import { outages } from './outages.ts';
import { poison } from './poison.ts';
import { soak } from './soak.ts';

const { help, soak: minutes, engines, rounds, outages: outageRounds } = optionsOrExit();

/** What is said of a scenario at its end. */
interface Told {
  readonly lines: readonly string[];
  readonly violations: readonly string[];
}

if (help) console.log(usage);
else if (minutes !== undefined) await sideBySide(engines, `${minutes} minutes under steady load`, soaked);
else await crashAll();

function optionsOrExit(): Options {
  try {
    return readOptions();
  } catch (error) {
    console.error(`${error instanceof Error ? error.message : error}\n\n${usage}`);
    process.exit(2);
  }
}

async function crashAll(): Promise<void> {
  const chosen = (times: ReadonlyMap<EngineName, number>) => engines.filter((engine) => (times.get(engine) ?? 0) > 0);
  for (const engine of chosen(rounds)) await crash(engine);
  await sideBySide(chosen(rounds), 'a delivery that kills every worker', poisoned);
  const title = `the network before one of two servers fails in ${faults.length} ways, time and again`;
  await sideBySide(chosen(outageRounds), title, async (engine, place) =>
    told(await outages(engine, place, outageRounds.get(engine) ?? 0)),
  );
}

async function crash(engine: EngineName): Promise<void> {
  const kills = rounds.get(engine) ?? 0;
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
  chosen: readonly EngineName[],
  title: string,
  play: (engine: EngineName, place: Place) => Promise<Told>,
): Promise<void> {
  const reports = chosen.map(async (engine) => {
    const place = await placeOf(engine);
    if (place === undefined) return () => undefined;
    const report = await played(() => play(engine, place)).finally(place.remove);
    return () => {
      console.log(`\n${engine}: ${title}`);
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

async function soaked(engine: EngineName, place: Place): Promise<Told> {
  return told(await soak(engine, place, minutes ?? 0));
}

function inWords(statuses: ReadonlyMap<number, number>): string {
  return [...statuses].map(([status, count]) => `${count} × ${status === 0 ? 'no reply' : status}`).join(', ');
}
