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
  return async (deliveries) => {
    const list = randomUUID();
    const jobs = deliveries.map((delivery, index) => {
      const place = placeOf(delivery.name, delivery.key);
      const mark = `${list} ${index}`;
      return { name: delivery.name, place, mark, job: jobOf(delivery, place, mark, maxAttempts) };
    });
    const places = jobs.map(({ place }) => place);
    const listing = arrivals.add(deliveries, places);
    const byQueue = await Promise.all(
      [...grouped(jobs)].map(async ([name, some]) => ({ ...(await queues.of(name)), some })),
    );
    await Promise.all([
      // First of all, so that a crash leaves no job that no list shows; the list passes over what has no job.
      link.commands(listing),
      // BullMQ leaves a job alone that is there, without saying so.
      ...byQueue.map(({ queue, some }) => link.ask(() => queue.addBulk(some.map(({ job }) => job)))),
    ]);
    // Once more: who lists them before the jobs are there takes them off. And whose jobs are they?
    const replies = await link.commands([...listing, ...places.map((place) => ['hget', keys.job(place), 'opts'])]);
    return jobs.map(({ place, mark }, index) => {
      return { id: place.id, isNew: storedBy(replies[listing.length + index]) === mark };
    });
  };
}
