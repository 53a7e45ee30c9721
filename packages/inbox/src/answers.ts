import { type Awaitable, WebhookError } from '@hookproof/core';
import { inTime } from '@hookproof/core/inbox';
import type { Engine } from './engine.ts';

/**
 * Has nobody wait without an end for what intake and workers need of a store. Engines give up by themselves, sooner and
 * with a better reason; this holds for whatever they did not think of.
 *
 * @param limitMs milliseconds for an answer
 */
export function withAnswersInTime<Lanes extends boolean, Completed extends Awaitable<void>>(
  engine: Engine<Lanes, Completed>,
  limitMs: number,
): Engine<Lanes, Completed> {
  const inLimit = <T>(what: string, answer: Awaitable<T>): Promise<T> =>
    inTime(Promise.resolve(answer), limitMs, () => silent(what, limitMs));
  return {
    ...engine,
    store: (deliveries) => inLimit('store deliveries', engine.store(deliveries)),
    take: (turns, limit) => inLimit('give deliveries to work on', engine.take(turns, limit)),
    release: (leases) => inLimit('take deliveries back', engine.release(leases)),
    keep: (leases) => inLimit('prolong leases', engine.keep(leases)),
    settle: (endings) => inLimit('record attempts', engine.settle(endings)),
    recover: (patient) => inLimit('look for lost workers', engine.recover(patient)),
    get: (id) => inLimit('find a delivery', engine.get(id)),
  };
}

/** The error of a store that says nothing. */
export function silent(what: string, ms: number): WebhookError {
  return new WebhookError('inbox_unavailable', `The store of the inbox did not ${what} within ${Math.round(ms)} ms.`, {
    fix: 'Is its server alive, and the network between? A store that is only slow gets more time by storeTimeoutMs.',
  });
}
