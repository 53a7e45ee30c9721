import { expect, it } from 'vitest';
import type { Lease } from './engine.ts';
import { createHeld } from './held.ts';
import { checkOptions } from './options.ts';

const lease = (id: string): Lease => ({
  ...{ id, name: 'a', token: 't', attempt: 1, afterLoss: false, receivedAt: new Date(), owner: undefined },
  ...{ headers: new Map(), body: new Uint8Array() },
});

const settings = checkOptions({ leaseMs: 60 }, []);

/** As a process that is frozen: no timer of its own runs. */
function freeze(ms: number): void {
  const until = performance.now() + ms;
  while (performance.now() < until);
}

it('after a pause of the whole process nothing begins that another worker may have by now', () => {
  const held = createHeld({ keep: () => [], release: () => undefined }, settings);
  held.keep(lease('1'));
  expect([...held.ready()]).toHaveLength(1);
  freeze(80);
  held.keep(lease('2'));
  expect([...held.ready()].map(({ id }) => id)).toEqual(['2']);
  held.close();
});

it('what is still to begin is kept, and given back once', async () => {
  const released: string[] = [];
  const kept: string[] = [];
  const held = createHeld(
    {
      keep(leases) {
        kept.push(...leases.map(({ id }) => id));
        return leases.filter(({ id }) => id === '2');
      },
      release: (leases) => void released.push(...leases.map(({ id }) => id)),
    },
    settings,
  );
  for (const id of ['1', '2', '3']) held.keep(lease(id));
  await held.beat();
  expect(kept).toEqual(['1', '2', '3']);
  await Promise.all([held.release(), held.release()]);
  expect([released, held.size]).toEqual([['1', '3'], 0]);
});
