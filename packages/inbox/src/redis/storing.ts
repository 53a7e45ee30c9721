import { randomUUID } from 'node:crypto';
import type { Accepted } from '@hookproof/core/inbox';
import type { Fresh } from '../engine.ts';
import type { Arrivals } from './arrivals.ts';
import type { Link } from './client.ts';
import { jobOf, placeOf, storedBy } from './jobs.ts';
import type { Keys } from './keys.ts';
import { grouped, type Queues } from './queues.ts';

/**
 * Makes the function that stores deliveries. Each of them is stored wholly or not at all, and a list that breaks off is
 * sent again: what is there already is left as it is. In one transaction they cannot be, because ioredis cannot send
 * BullMQ's scripts there when Redis has forgotten them.
 */
export function createStore(
  link: Link,
  queues: Queues,
  arrivals: Arrivals,
  keys: Keys,
  maxAttempts: number,
): (deliveries: readonly Fresh[]) => Promise<readonly Accepted[]> {
  const entryOf = (delivery: Fresh, mark: string) => {
    const place = placeOf(delivery.name, delivery.key);
    return { name: delivery.name, delivery, place, mark, job: jobOf(delivery, place, mark, maxAttempts) };
  };
  type Entry = ReturnType<typeof entryOf>;

  const ifKnown = (entries: readonly Entry[]) => entries.map(({ place }) => ['exists', keys.known(place)]);

  /** Adds jobs, where they are not there, and returns the marks of those that are new. */
  async function add(entries: readonly Entry[]): Promise<ReadonlySet<string>> {
    const places = entries.map(({ place }) => place);
    const listing = arrivals.add(
      entries.map(({ delivery }) => delivery),
      places,
    );
    const byQueue = await Promise.all(
      [...grouped(entries)].map(async ([name, some]) => ({ ...(await queues.of(name)), some })),
    );
    await Promise.all([
      // First of all, so that a crash leaves no job that no list shows; the list passes over what has no job.
      link.commands(listing),
      // BullMQ leaves a job alone that is there, without saying so.
      ...byQueue.map(({ queue, some }) => link.ask(() => queue.addBulk(some.map(({ job }) => job)))),
    ]);
    // Once more: who lists them before the jobs are there takes them off. And whose jobs are they?
    const owners = places.map((place) => ['hget', keys.job(place), 'opts']);
    const replies = await link.commands([...listing, ...owners, ...ifKnown(entries)]);
    const [opts, known] = [replies.slice(listing.length), replies.slice(listing.length + owners.length)];
    // One that was pruned since it was asked for is no new one: no worker takes it.
    return new Set(
      entries.flatMap(({ mark }, index) => (storedBy(opts[index]) === mark && known[index] === 0 ? [mark] : [])),
    );
  }

  return async (deliveries) => {
    const list = randomUUID();
    const entries = deliveries.map((delivery, index) => entryOf(delivery, `${list} ${index}`));
    // Before anything is written, because what was pruned has no job that would be in the way of another.
    const known = await link.commands(ifKnown(entries));
    const unknown = entries.filter((_, index) => known[index] === 0);
    const news = unknown.length === 0 ? new Set<string>() : await add(unknown);
    return entries.map(({ place, mark }) => ({ id: place.id, isNew: news.has(mark) }));
  };
}
