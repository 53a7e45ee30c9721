import type { DeliveryCounts, StoredDelivery } from '@hookproof/core';
import { type Link, listIn } from './client.ts';
import { contentOf, type Place, queueOf, type Row, rowFields, rowOf } from './jobs.ts';
import { type Keys, sets } from './keys.ts';
import { scriptOf } from './scripts.ts';

/** Has the attempts of a waiting job counted anew, unless a worker took it meanwhile; says whether it did. */
const startAnewScript = scriptOf(`
if redis.call('EXISTS', KEYS[1]) == 0 then return 0 end
for _, id in ipairs(redis.call('LRANGE', KEYS[2], 0, -1)) do
  if id == ARGV[1] then return 0 end
end
redis.call('HDEL', KEYS[1], 'ats', 'atm')
return 1`);

/** What is read of the jobs in Redis. */
export interface Shelf {
  read(places: readonly Place[]): Promise<readonly (Row | undefined)[]>;
  readWhole(place: Place): Promise<StoredDelivery | undefined>;
  counts(names: readonly string[]): Promise<DeliveryCounts>;
  /** Has the attempts of a waiting delivery counted anew; says whether it still waits. */
  startAnew(row: Row): Promise<boolean>;
}

export function createShelf(link: Link, keys: Keys): Shelf {
  /** In one step, because a job that moves is otherwise seen in two states or in none. */
  async function readFields(places: readonly Place[], fields: readonly string[]) {
    if (places.length === 0) return [];
    const queues = [...new Set(places.map(({ queue }) => queue))];
    const replies = await link.commands([
      ...queues.map((queue) => ['lrange', keys.set(queue, 'active'), 0, -1]),
      ...places.flatMap((place) => [
        ['hmget', keys.job(place), ...fields],
        ['zscore', keys.set(place.queue, 'delayed'), place.job],
      ]),
    ]);
    const active = new Map(queues.map((queue, index) => [queue, new Set(listIn(replies[index]))]));
    return places.map((place, index) => {
      const values = listIn(replies[queues.length + 2 * index]);
      const delayed = replies[queues.length + 2 * index + 1];
      return { values, row: rowOf(place, values, delayed, active.get(place.queue)?.has(place.job) ?? false) };
    });
  }

  return {
    async read(places) {
      return (await readFields(places, rowFields)).map(({ row }) => row);
    },
    async readWhole(place) {
      const [found] = await readFields([place], [...rowFields, 'data']);
      if (found?.row === undefined) return undefined;
      const content = contentOf(found.values[rowFields.length]);
      return content && { ...found.row.summary, headers: content.headers, body: content.body };
    },
    async counts(names) {
      const counts = { waiting: 0, working: 0, handled: 0, dead: 0 };
      const wanted = names.map(queueOf).flatMap((queue) => sets.map((one) => ({ ...one, queue })));
      const replies = await link.commands(wanted.map(({ count, queue, set }) => [count, keys.set(queue, set)]));
      for (const [index, { state }] of wanted.entries()) counts[state] += Number(replies[index]);
      return counts;
    },
    async startAnew(row) {
      const active = keys.set(row.queue, 'active');
      return (await link.run(startAnewScript, [keys.job(row), active], [row.job])) === 1;
    },
  };
}
