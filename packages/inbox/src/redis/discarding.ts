import type { DeliveryState } from '@hookproof/core';
import type { Link } from './client.ts';
import { grouped } from './grouped.ts';
import { placeIn } from './jobs.ts';
import { type Keys, sets } from './keys.ts';
import { scriptOf } from './scripts.ts';

/**
 * Removes jobs of a queue from the sets in which they may be, with all that is theirs, and takes them off the list; says
 * how many those were. BullMQ's own script writes an event as well, which a Redis that is full refuses. What has waited
 * the longest is found at the end of its list.
 */
const discardScript = scriptOf(`
local discarded = 0
for index = 3, #ARGV do
  local removed = 0
  for set = 2, #KEYS do
    if removed == 0 and redis.call('TYPE', KEYS[set]).ok == 'list' then
      removed = redis.call('LREM', KEYS[set], -1, ARGV[index])
    elseif removed == 0 then
      removed = redis.call('ZREM', KEYS[set], ARGV[index])
    end
  end
  if removed > 0 then
    local job = ARGV[1] .. ARGV[index]
    redis.call('DEL', job, job .. ':logs', job .. ':dependencies', job .. ':processed', job .. ':failed', job .. ':unsuccessful')
    redis.call('ZREM', KEYS[1], ARGV[2] .. ARGV[index])
    discarded = discarded + 1
  end
end
return discarded`);

/** Makes the function that discards deliveries. Nothing of what is worked on is in the sets that it looks into. */
export function createDiscarder(
  link: Link,
  keys: Keys,
): (ids: readonly string[], state: DeliveryState | undefined) => Promise<number> {
  return async (ids, state) => {
    const places = [...new Set(ids)].map(placeIn).filter((place) => place !== undefined);
    const queues = grouped(places, ({ queue }) => queue);
    const wanted = sets.filter((set) => set.state !== 'working' && (state === undefined || set.state === state));
    const discarded = [...queues].map(([queue, some]) =>
      link.run(
        discardScript,
        [keys.arrivals, ...wanted.map(({ set }) => keys.set(queue, set))],
        [keys.job({ id: '', queue, job: '' }), `${queue}:`, ...some.map(({ job }) => job)],
      ),
    );
    return (await Promise.all(discarded)).reduce<number>((sum, count) => sum + Number(count), 0);
  };
}
