import type { DeliveryState } from '@hookproof/core';
import type { Place } from './jobs.ts';

/** Where things are in Redis: BullMQ's keys, and the inbox's own. */
export interface Keys {
  readonly arrivals: string;
  readonly names: string;
  job(place: Place): string;
  /** What is there while the event of a delivery that was pruned is known. */
  known(place: Place): string;
  /** One of a queue's sets and lists of job ids. */
  set(queue: string, set: string): string;
}

/** What the name of a job's key goes on with where the job was pruned, as with BullMQ's own `:lock` and `:logs`. */
export const knownSuffix = ':known';

export function keysOf(prefix: string): Keys {
  const job: Keys['job'] = (place) => `${prefix}:${place.queue}:${place.job}`;
  return {
    arrivals: `${prefix}:arrivals`,
    names: `${prefix}:names`,
    job,
    known: (place) => `${job(place)}${knownSuffix}`,
    set: (queue, set) => `${prefix}:${queue}:${set}`,
  };
}

/** Which of a queue's sets and lists hold deliveries of a state, with the commands that count and read them. */
export const sets: readonly {
  readonly set: string;
  readonly state: DeliveryState;
  readonly count: string;
  readonly range: string;
}[] = [
  { set: 'wait', state: 'waiting', count: 'llen', range: 'lrange' },
  { set: 'paused', state: 'waiting', count: 'llen', range: 'lrange' },
  { set: 'delayed', state: 'waiting', count: 'zcard', range: 'zrange' },
  { set: 'prioritized', state: 'waiting', count: 'zcard', range: 'zrange' },
  { set: 'active', state: 'working', count: 'llen', range: 'lrange' },
  { set: 'completed', state: 'handled', count: 'zcard', range: 'zrange' },
  { set: 'failed', state: 'dead', count: 'zcard', range: 'zrange' },
];
