import { expect, it } from 'vitest';
import { mayBegin, shareOut } from './turns.ts';

const shares = (concurrency: number, free: number, held: Record<string, number>, hungry: readonly string[] = []) => {
  const names = Object.keys(held);
  const turns = shareOut(names, { concurrency, free, held: new Map(Object.entries(held)), hungry: new Set(hungry) });
  return Object.fromEntries(turns.map(({ name, most }) => [name, most]));
};

it('one receiver alone may have everything', () => {
  expect(shares(10, 10, { a: 0 })).toEqual({ a: 10 });
  expect(shares(10, 3, { a: 7 })).toEqual({ a: 3 });
  expect(shares(1, 1, { a: 0 })).toEqual({ a: 1 });
});

it('one that has much to do leaves a slot for each that holds none', () => {
  expect(shares(10, 10, { much: 0, b: 0 }, ['much'])).toEqual({ much: 9, b: 1 });
  expect(shares(10, 1, { much: 9, b: 0 }, ['much'])).toEqual({ b: 1 });
  expect(shares(10, 3, { much: 7, b: 0, c: 0 }, ['much'])).toEqual({ much: 1, b: 1, c: 1 });
});

it('half of all slots at most are kept free', () => {
  const idle = Object.fromEntries(Array.from({ length: 20 }, (_, index) => [`idle ${index}`, 0]));
  expect(shares(10, 6, { much: 4, ...idle }, ['much'])).toMatchObject({ much: 1, 'idle 0': 1 });
  expect(shares(1, 1, { a: 0, b: 0 })).toEqual({ a: 2, b: 1 });
});

it('two that are hungry get equal parts of what is left', () => {
  expect(shares(10, 6, { a: 2, b: 2, c: 0 }, ['a', 'b'])).toEqual({ a: 3, b: 2, c: 1 });
});

it('nobody goes without for ever: up to half as many receivers as slots, all but one of them hanging, leave that one a slot', () => {
  // All slots hang that a receiver gets; the last receiver asks when all others have had what they may.
  for (const receivers of [2, 3, 5]) {
    const held = new Map(Array.from({ length: receivers }, (_, index) => [`r${index}`, 0]));
    const greedy = [...held.keys()].slice(0, -1);
    for (let looks = 0; looks < 20; looks += 1) {
      let free = 10 - [...held.values()].reduce((sum, count) => sum + count, 0);
      for (const { name, most } of shareOut(greedy, { concurrency: 10, free, held, hungry: new Set(greedy) })) {
        const begun = Math.min(most, free);
        free -= begun;
        held.set(name, (held.get(name) ?? 0) + begun);
      }
    }
    const free = 10 - [...held.values()].reduce((sum, count) => sum + count, 0);
    const [turn] = shareOut([`r${receivers - 1}`], { concurrency: 10, free, held, hungry: new Set(greedy) });
    expect(Math.min(turn?.most ?? 0, free), `${receivers} receivers`).toBe(1);
  }
});

it('what was taken ahead begins where no slot is kept free for another', () => {
  const slots = (free: number, held: Record<string, number>) => ({
    ...{ concurrency: 4, free },
    held: new Map(Object.entries(held)),
  });
  expect(mayBegin('a', slots(0, { a: 4 }))).toBe(false);
  expect(mayBegin('a', slots(1, { a: 3 }))).toBe(true);
  expect(mayBegin('a', slots(1, { a: 3, b: 0 }))).toBe(false);
  expect(mayBegin('b', slots(1, { a: 3, b: 0 }))).toBe(true);
  expect(mayBegin('a', slots(2, { a: 1, b: 1, c: 0, d: 0, e: 0 }))).toBe(false);
  expect(mayBegin('a', slots(3, { a: 1, b: 0, c: 0, d: 0, e: 0 }))).toBe(true);
});
