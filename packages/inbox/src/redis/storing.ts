import type { Accepted } from '@hookproof/core/inbox';
import type { Fresh } from '../engine.ts';
import type { Link } from './client.ts';
import { listIn } from './client.ts';
import { jobOf, placeOf } from './jobs.ts';
import type { Keys } from './keys.ts';
import type { Queues } from './queues.ts';
import { stepOf } from './recorder.ts';
import { asFunction, partFunction, scriptAround } from './scripts.ts';

/**
 * Stores deliveries that are not known, and says of each whether it was: the list of arrivals, the names of receivers and
 * BullMQ's job in one step, so that a crash leaves none without the others.
 */
const storeScript = scriptAround(
  (add) => `
${asFunction('add', add)}
${partFunction}
local news = {}
local count = tonumber(ARGV[1])
local keys, args = (#KEYS - 2) / count, (#ARGV - 1) / count
for index = 0, count - 1 do
  local key, arg = 2 + index * keys, 1 + index * args
  local fresh = redis.call('EXISTS', KEYS[key + 1], KEYS[key + 2]) == 0
  if fresh then
    redis.call('SADD', KEYS[1], ARGV[arg + 1])
    redis.call('ZADD', KEYS[2], ARGV[arg + 2], ARGV[arg + 3])
    add(part(KEYS, key + 2, keys - 2), part(ARGV, arg + 3, args - 3))
  end
  news[index + 1] = fresh and 1 or 0
end
return news`,
);

/** Makes the function that stores deliveries. */
export function createStore(
  link: Link,
  queues: Queues,
  keys: Keys,
  maxAttempts: number,
  now: () => number,
): (deliveries: readonly Fresh[]) => Promise<readonly Accepted[]> {
  let last = 0;

  /** The next place in the list: by the clock, and what comes in one millisecond in the order in which it came. */
  function nextScore(): number {
    last = Math.max(last + 1, Math.floor(now()) * 1_024);
    return last;
  }

  return async (deliveries) => {
    const places = deliveries.map(({ name, key }) => placeOf(name, key));
    const steps = await Promise.all(
      deliveries.map((delivery, index) => {
        const { job } = places[index] ?? placeOf(delivery.name, delivery.key);
        return stepOf(queues.of(delivery.name).addJob(jobOf(delivery, job, maxAttempts), job));
      }),
    );
    const news = await link.run(
      storeScript(steps[0]?.script ?? ''),
      [
        keys.names,
        keys.arrivals,
        ...places.flatMap((place, index) => [keys.job(place), keys.known(place), ...(steps[index]?.keys ?? [])]),
      ],
      [
        steps.length,
        ...places.flatMap(({ id }, index) => [
          deliveries[index]?.name ?? '',
          nextScore(),
          id,
          ...(steps[index]?.args ?? []),
        ]),
      ],
    );
    return places.map(({ id }, index) => ({ id, isNew: listIn(news)[index] === 1 }));
  };
}
