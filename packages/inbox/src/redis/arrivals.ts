import type { DeliveryFilter, DeliverySummary } from '@hookproof/core';
import type { Page } from '../engine.ts';
import { fits } from '../filter.ts';
import { type Link, listIn } from './client.ts';
import { type Place, placeIn, queueOf } from './jobs.ts';
import { type Keys, sets } from './keys.ts';
import { scriptOf } from './scripts.ts';
import type { Shelf } from './shelf.ts';

/** Deliveries that one look into Redis goes through. */
const atOnce = 1_000;

/** With more than this in a state it is cheaper to go through all deliveries than to sort those of the state. */
const sortable = 10_000;

/**
 * Takes deliveries off the list whose job is gone, and says how many those were. In one step, because a new copy may
 * come at any time.
 */
const forgetScript = scriptOf(`
local forgotten = 0
for index = 2, #KEYS do
  if redis.call('EXISTS', KEYS[index]) == 0 then
    forgotten = forgotten + redis.call('ZREM', KEYS[1], ARGV[index - 1])
  end
end
return forgotten`);

/** The list of all deliveries in the order of arrival, which BullMQ does not keep. */
export interface Arrivals {
  /** Names of all receivers that ever stored something. */
  names(): Promise<readonly string[]>;
  page(filter: DeliveryFilter, from: string | undefined, limit: number): Promise<Page>;
  /** Takes off the list what is gone; returns how many. */
  forget(places: readonly Place[]): Promise<number>;
}

/** A delivery's place in the list. Those of several processes that came in one instant stand in the order of their ids. */
interface Point {
  readonly score: number;
  readonly id: string;
}

export function createArrivals(link: Link, keys: Keys, shelf: Shelf): Arrivals {
  async function names(): Promise<readonly string[]> {
    const [reply] = await link.commands([['smembers', keys.names]]);
    return listIn(reply).map(String).toSorted();
  }

  async function forget(places: readonly Place[]): Promise<number> {
    if (places.length === 0) return 0;
    const ids = places.map(({ id }) => id);
    return Number(await link.run(forgetScript, [keys.arrivals, ...places.map(keys.job)], ids));
  }

  /** The next deliveries on the list. */
  async function nextOfAll(from: Point): Promise<readonly Point[]> {
    const limits = [from.score, '+inf', 'WITHSCORES', 'LIMIT', 0, atOnce];
    const [reply] = await link.commands([['zrangebyscore', keys.arrivals, ...limits]]);
    const flat = listIn(reply).flat();
    const points = Array.from({ length: flat.length / 2 }, (_, index) => {
      return { id: String(flat[2 * index]), score: Number(flat[2 * index + 1]) };
    });
    return points.filter((point) => compare(point, from) > 0);
  }

  /** The next deliveries in a state; undefined where those are too many to sort. */
  async function nextOfFew({ state, name }: DeliveryFilter, from: Point): Promise<readonly Point[] | undefined> {
    if (state === undefined || state === 'handled') return undefined;
    const some = name === undefined ? await names() : [name];
    if ((await shelf.counts(some))[state] > sortable) return undefined;
    const wanted = some.map(queueOf).flatMap((queue) => sets.map((one) => ({ ...one, queue })));
    const held = wanted.filter((one) => one.state === state);
    const replies = await link.commands(held.map(({ range, queue, set }) => [range, keys.set(queue, set), 0, -1]));
    const ids = held.flatMap(({ queue }, index) => listIn(replies[index]).map((job) => `${queue}:${String(job)}`));
    const scores = await link.commands(ids.map((id) => ['zscore', keys.arrivals, id]));
    const points = ids.map((id, index) => ({ id, score: Number(scores[index] ?? 0) }));
    return points
      .filter((point) => compare(point, from) > 0)
      .toSorted(compare)
      .slice(0, atOnce);
  }

  return {
    names,
    forget,
    async page(filter, start, limit) {
      const deliveries: DeliverySummary[] = [];
      for (let from = pointOf(start); ; ) {
        const points = (await nextOfFew(filter, from)) ?? (await nextOfAll(from));
        const places = points
          .map(({ id }) => placeIn(id))
          .filter((place) => place !== undefined)
          .filter(({ queue }) => filter.name === undefined || queue === queueOf(filter.name));
        const rows = await shelf.read(places);
        await forget(places.filter((_, index) => rows[index] === undefined));
        const summaries = new Map(rows.map((row) => [row?.id, row?.summary]));
        for (const point of points) {
          const summary = summaries.get(point.id);
          if (summary === undefined || !fits(summary, filter)) continue;
          deliveries.push(summary);
          if (deliveries.length === limit) return { deliveries, next: `${point.score} ${point.id}` };
        }
        const end = points.at(-1);
        if (end === undefined) return { deliveries, next: undefined };
        from = end;
      }
    },
  };
}

function pointOf(text = '0 '): Point {
  const space = text.indexOf(' ');
  return { score: Number(text.slice(0, space)), id: text.slice(space + 1) };
}

function compare(a: Point, b: Point): number {
  return a.score - b.score || (a.id < b.id ? -1 : Number(a.id > b.id));
}
