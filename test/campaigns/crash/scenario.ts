import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import type { DeliveryCounts, Inbox } from '@hookproof/core';
import { type Crew, hire, type Order } from './crew.ts';
import { type EngineName, openInbox, type Place } from './engines.ts';
import { isTold } from './journal.ts';
import { secret } from './load.ts';

/** Milliseconds after which a silent server is missed: short, so that rounds are. */
export const leaseMs = 1_000;

const options = { leaseMs, pollMs: 50, concurrency: 10, maxAttempts: 50 };

/** One scenario's own receiver name, servers and journal in a store that others share. */
export interface Stage {
  readonly name: string;
  readonly crew: Crew;
  readonly journal: string;
  /** The store as this process sees it, which does not work on it. */
  readonly inbox: Inbox;
  /** Resolves with the counts when nothing waits, nothing is worked on, and what became of each run is told. */
  readonly quiet: () => Promise<DeliveryCounts>;
}

/** Sets a scenario up, plays it, and leaves nothing behind. */
export async function onStage<T>(
  engine: EngineName,
  place: Place,
  name: string,
  play: (stage: Stage) => Promise<T>,
  { backoffMs = 300, ...own }: Partial<Order['inbox'] & Pick<Order, 'backoffMs'>> = {},
): Promise<T> {
  const folder = mkdtempSync(join(tmpdir(), 'hookproof-journal-'));
  const journal = join(folder, 'journal');
  writeFileSync(journal, '');
  const watch = await openInbox(engine, place.at, { work: false, onError: () => undefined });
  const crew = hire({
    engine,
    at: place.at,
    name,
    secret,
    journal,
    workMs: 20,
    backoffMs,
    inbox: { ...options, ...own },
  });
  try {
    return await play({ name, crew, journal, inbox: watch.inbox, quiet: () => quiet(watch.inbox, name, journal) });
  } finally {
    await crew.dismiss();
    await watch.close();
    rmSync(folder, { recursive: true, force: true });
  }
}

async function quiet(inbox: Inbox, name: string, journal: string): Promise<DeliveryCounts> {
  const until = performance.now() + 120_000;
  for (;;) {
    const counts = await inbox.counts(name);
    if (counts.waiting + counts.working === 0 && isTold(journal)) return counts;
    if (performance.now() > until)
      throw new Error(
        `after two minutes there is still work, or what became of a run is not told: ${JSON.stringify(counts)}`,
      );
    await pause(100);
  }
}
