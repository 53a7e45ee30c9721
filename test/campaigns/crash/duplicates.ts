import { readFileSync } from 'node:fs';
import { Agent } from 'node:http';
import { standardWebhooks } from '@hookproof/core';
import type { EngineName, Place } from './engines.ts';
import { post } from './load.ts';
import { onStage } from './scenario.ts';

export interface Duplicates {
  readonly statuses: ReadonlyMap<number, number>;
  readonly handled: number;
  readonly violations: readonly string[];
}

/** Sends every event many times at once, to two servers with one store. */
export function duplicates(engine: EngineName, place: Place, events: number, copies: number): Promise<Duplicates> {
  return onStage(engine, place, 'duplicates', async ({ name, crew, journal, quiet }) => {
    const provider = standardWebhooks({ name });
    const ports = [await crew.start(), await crew.start()].map(({ port }) => port);
    const agent = new Agent({ keepAlive: true });
    const statuses = new Map<number, number>();
    for (let event = 1; event <= events; event += 1) {
      const send = (_: unknown, copy: number) => post(provider, `msg_${event}`, ports[copy % 2] ?? 0, agent);
      for (const status of await Promise.all(Array.from({ length: copies }, send))) {
        statuses.set(status, (statuses.get(status) ?? 0) + 1);
      }
    }
    agent.destroy();
    const counts = await quiet();
    const starts = new Map<string, number>();
    for (const line of readFileSync(journal, 'utf8').split('\n')) {
      const [what, , id = ''] = line.split(' ');
      if (what === 'start') starts.set(id, (starts.get(id) ?? 0) + 1);
    }
    const violations = [...starts].filter(([, runs]) => runs !== 1).map(([id, runs]) => `${id} ran ${runs} times`);
    // One copy of each is stored (202); all others are told that it was there (200).
    const wanted = JSON.stringify([events, events * (copies - 1), events, events]);
    const found = JSON.stringify([statuses.get(202), statuses.get(200), starts.size, counts.handled]);
    if (found !== wanted)
      violations.push(`202s, 200s, events that ran, events handled: ${found} in place of ${wanted}`);
    return { statuses, handled: counts.handled, violations };
  });
}
