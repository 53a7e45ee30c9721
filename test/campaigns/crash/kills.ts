import { setTimeout as pause } from 'node:timers/promises';
import type { EngineName, Place } from './engines.ts';
import { judge, type Verdict } from './journal.ts';
import { createLoad, type Load } from './load.ts';
import { leaseMs, onStage } from './scenario.ts';

/** Of the load, to each server. */
export const connections = 10;

/** What a scenario counted. */
export interface Result extends Verdict {
  readonly load: Load;
  /** What else is said of it. */
  readonly noted?: readonly string[];
}

/** Kills the server in every round, at a moment of no one's choice, and starts another one on the same store. */
export function killRounds(engine: EngineName, place: Place, rounds: number): Promise<Result> {
  return onStage(engine, place, 'kills', async ({ name, crew, journal, quiet }) => {
    const load = createLoad(name);
    for (let round = 1; round <= rounds; round += 1) {
      const server = await crew.start();
      const stop = new AbortController();
      const sending = load.send(server.port, connections, stop.signal);
      await pause(10 + 390 * Math.random());
      const killed = server.kill();
      stop.abort();
      await Promise.all([killed, sending]);
      if (round % 10 === 0) console.log(`  round ${round}: ${load.counts.sent} sent, ${load.answered.size} answered`);
    }
    const last = await crew.start();
    await load.finish(last.port, connections);
    return judged(await quiet(), journal, load, false);
  });
}

/** Kills the store's own server under load, while ours lives. */
export function storeRestarts(engine: EngineName, place: Place, times: number): Promise<Result> {
  return onStage(engine, place, 'restarts', async ({ name, crew, journal, quiet }) => {
    const load = createLoad(name);
    const server = await crew.start();
    const stop = new AbortController();
    const sending = load.send(server.port, connections, stop.signal);
    for (let time = 1; time <= times; time += 1) {
      await pause(500 + 1_000 * Math.random());
      await place.restart?.();
      console.log(`  restart ${time}: ${load.counts.sent} sent, ${load.answered.size} answered`);
    }
    await pause(1_000);
    stop.abort();
    await sending;
    await load.finish(server.port, connections);
    return judged(await quiet(), journal, load, true);
  });
}

/** Freezes one of two servers, and then both, for so long that each is taken for dead. */
export function freezes(engine: EngineName, place: Place, times: number): Promise<Result> {
  return onStage(engine, place, 'freezes', async ({ name, crew, journal, quiet }) => {
    const load = createLoad(name);
    const servers = [await crew.start(), await crew.start()];
    const stop = new AbortController();
    const sending = servers.map(({ port }) => load.send(port, connections, stop.signal));
    for (let time = 1; time <= times; time += 1) {
      const chosen = servers.filter((_, index) => time % 3 === 0 || index === time % 2);
      await pause(300 + 200 * Math.random());
      for (const server of chosen) server.freeze();
      await pause(2 * leaseMs);
      for (const server of chosen) server.thaw();
      console.log(`  ${chosen.length} frozen: ${load.counts.sent} sent, ${load.answered.size} answered`);
    }
    stop.abort();
    await Promise.all(sending);
    for (const { port } of servers.slice(0, 1)) await load.finish(port, connections);
    return judged(await quiet(), journal, load, true);
  });
}

/** What the journal says of a load, when all is quiet. */
export function judged({ dead }: { readonly dead: number }, journal: string, load: Load, reported: boolean): Result {
  const verdict = judge(journal, load.answered, reported);
  const violations = [...verdict.violations];
  if (dead > 0) violations.push(`${dead} deliveries are dead, whose handlers never failed`);
  if (load.answered.size === 0) violations.push('nothing was answered with 2xx: nothing was tested');
  return { ...verdict, violations, load };
}
