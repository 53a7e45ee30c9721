import { expect, it } from 'vitest';
import { withAnswersInTime } from './answers.ts';
import type { Engine } from './engine.ts';

const never = () => new Promise<never>(() => undefined);

/** A store that takes every question, and answers none. */
const silentEngine: Engine = {
  lanes: false,
  open: () => undefined,
  store: never,
  take: never,
  release: never,
  keep: never,
  settle: never,
  complete: never,
  recover: never,
  page: never,
  get: never,
  known: never,
  counts: never,
  replay: never,
  discard: never,
  prune: never,
  forget: never,
  close: () => undefined,
};

it('whatever intake and workers ask of a store that says nothing ends, and names the option', async () => {
  const engine = withAnswersInTime(silentEngine, 20);
  const asked = [
    engine.store([]),
    engine.take([], 1),
    engine.release([]),
    engine.keep([]),
    engine.settle([]),
    engine.recover(true),
  ];
  for (const answer of await Promise.allSettled([...asked, engine.get('1')])) {
    expect(answer).toMatchObject({
      status: 'rejected',
      reason: { code: 'inbox_unavailable', message: expect.stringMatching(/within 20 ms.*storeTimeoutMs/) },
    });
  }
});
