import { closeSync, fstatSync, openSync, readSync } from 'node:fs';
import { setTimeout as pause } from 'node:timers/promises';
import type { EngineName, Place } from './engines.ts';
import { connections, judged, type Result } from './kills.ts';
import { createLoad } from './load.ts';
import { type Fault, faults, startNetwork } from './network.ts';
import { onStage } from './scenario.ts';

/** Milliseconds within which a server must be itself again, from when its network lets it. */
const limitMs = 15_000;

/** Deliveries that must be answered with 202 one after the other: one of several connections may be well by chance. */
const inARow = 20;

/** Handlers that must begin: more than can have been leased before. */
const begun = 30;

/** What ends by itself; in the others new connections work at once. */
const passing: ReadonlySet<Fault> = new Set(['silent for all', 'cut']);

/** Has the network between the store and one of two servers fail in each way, time and again. */
export async function outages(engine: EngineName, place: Place, rounds: number): Promise<Result> {
  const network = await startNetwork(place.at);
  const play = onStage(engine, place, 'network', async ({ name, crew, journal, quiet }) => {
    const load = createLoad(name);
    const server = await crew.start(network.url);
    const other = await crew.start();
    const stop = new AbortController();
    const sending = [server, other].map(({ port }) => load.send(port, connections, stop.signal));
    const probes: Promise<unknown>[] = [];
    const noted: string[] = [];
    const late: string[] = [];
    for (let round = 1; round <= rounds; round += 1) {
      network.expire();
      for (const fault of faults) {
        await pause(300 + 200 * Math.random());
        network.fail(fault);
        const lasting = pause(2_000 + 2_000 * Math.random());
        if (passing.has(fault)) {
          await lasting;
          network.heal();
        }
        const [stored, handling] = await Promise.all([
          untilStored(() => load.probe(server.port), probes),
          untilHandling(journal, server.number),
        ]);
        await lasting;
        network.heal();
        noted.push(`${fault}: 202 again after ${inWords(stored)}, handlers after ${inWords(handling)}`);
        if (stored > limitMs) late.push(`${fault}: 202 again after ${inWords(stored)}`);
        if (handling > limitMs) late.push(`${fault}: handlers after ${inWords(handling)}`);
        if (Math.max(stored, handling) <= limitMs) continue;
        // With new connections, so that the next fault is judged by itself.
        network.fail('cut');
        network.heal();
      }
    }
    stop.abort();
    await Promise.all([...sending, ...probes]);
    await load.finish(server.port, connections);
    const result = judged(await quiet(), journal, load, true);
    return { ...result, noted, violations: [...late, ...result.violations] };
  });
  return play.finally(() => network.close());
}

/** Milliseconds until deliveries are stored, one after the other; infinite where that takes too long. */
async function untilStored(probe: () => Promise<boolean>, probes: Promise<unknown>[]): Promise<number> {
  const from = performance.now();
  const elapsed = () => performance.now() - from;
  const storedMs: (number | undefined)[] = [];
  while (elapsed() < limitMs + 5_000) {
    const index = storedMs.push(undefined) - 1;
    const sent = probe().then((stored) => {
      if (stored) storedMs[index] = elapsed();
    });
    probes.push(sent);
    await pause(50);
    let row = 0;
    for (const [last, ms] of storedMs.entries()) {
      row = ms === undefined ? 0 : row + 1;
      if (row === inARow) return storedMs[last - inARow + 1] ?? Number.POSITIVE_INFINITY;
    }
  }
  return Number.POSITIVE_INFINITY;
}

/** Milliseconds until handlers of a server begin, by its journal; infinite where that takes too long. */
async function untilHandling(journal: string, server: number): Promise<number> {
  const from = performance.now();
  const file = openSync(journal, 'r');
  try {
    const { size } = fstatSync(file);
    while (performance.now() - from < limitMs + 5_000) {
      await pause(50);
      const bytes = Buffer.alloc(fstatSync(file).size - size);
      readSync(file, bytes, 0, bytes.length, size);
      const starts = bytes.toString().match(new RegExp(`^start ${server} `, 'gm'))?.length ?? 0;
      if (starts >= begun) return performance.now() - from;
    }
    return Number.POSITIVE_INFINITY;
  } finally {
    closeSync(file);
  }
}

function inWords(ms: number): string {
  return Number.isFinite(ms) ? `${(ms / 1_000).toFixed(1)} s` : `more than ${limitMs / 1_000} s`;
}
