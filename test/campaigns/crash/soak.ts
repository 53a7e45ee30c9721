import { setTimeout as pause } from 'node:timers/promises';
import type { EngineName, Place } from './engines.ts';
import { growthIn, type Held, heldInWords } from './growth.ts';
import { connections, judged, type Result } from './kills.ts';
import { createLoad } from './load.ts';
import { leaseMs, onStage } from './scenario.ts';

/** Milliseconds for which a connection of the load rests after each delivery: some 100 deliveries a second in all. */
const restMs = 100;

/** How many times the server is frozen, or its store killed, by turns. */
const faults = 10;

/** Samples of what the server holds between two faults. */
const samplesEach = 6;

/** Has one server live for minutes under steady load with a fault now and then, and looks at what it holds. */
export function soak(engine: EngineName, place: Place, minutes: number): Promise<Result> {
  return onStage(engine, place, 'soak', async ({ name, crew, journal, quiet }) => {
    const load = createLoad(name);
    const server = await crew.start();
    const stop = new AbortController();
    const sending = load.send(server.port, connections, stop.signal, restMs);
    const held: Held[] = [];
    const betweenMs = (minutes * 60_000) / faults / samplesEach;
    for (let fault = 1; fault <= faults; fault += 1) {
      for (let sample = 1; sample <= samplesEach; sample += 1) {
        await pause(betweenMs);
        held.push(await server.sample());
      }
      if (fault % 2 === 0 && place.restart !== undefined) {
        await place.restart();
      } else {
        server.freeze();
        await pause(2 * leaseMs);
        server.thaw();
      }
    }
    stop.abort();
    await sending;
    await load.finish(server.port, connections);
    const result = judged(await quiet(), journal, load, true);
    return { ...result, noted: [heldInWords(held)], violations: [...growthIn(held), ...result.violations] };
  });
}
