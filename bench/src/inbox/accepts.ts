/** A process of its own per store: measures contenders against each other. */
import { answer } from '../children.ts';
import { interleave } from '../rounds.ts';
import type { Contenders } from './stores/contender.ts';
import { type Timing, time } from './timing.ts';

/** What to measure, for how long and how often. */
export interface AcceptsQuestion {
  /** Rounds that are not counted: until then the engine compiles. */
  readonly warmups: number;
  readonly rounds: number;
  readonly seconds: number;
}

/** By contender and round. */
export type AcceptsAnswer = Readonly<Record<string, readonly Timing[]>>;

/** `place` is a folder for files, or the address of a server. */
const [, , store, place = ''] = process.argv;

const contenders = await make();

answer(async ({ warmups, rounds, seconds }: AcceptsQuestion): Promise<AcceptsAnswer> => {
  const run = async (name: string): Promise<Timing> => {
    const contender = contenders[name];
    if (contender === undefined) throw new RangeError(`There is no contender ${name}.`);
    const { call, close } = await contender.open();
    try {
      return await time(contender.callers, { seconds }, call);
    } finally {
      await close();
    }
  };
  const names = Object.keys(contenders);
  await interleave(names, warmups, run);
  return interleave(names, rounds, run);
});

async function make(): Promise<Contenders> {
  switch (store) {
    case 'sqlite':
      return (await import('./stores/sqlite.ts')).sqliteContenders(place);
    case 'postgres':
      return (await import('./stores/postgres.ts')).postgresContenders(place);
    case 'redis':
      return (await import('./stores/redis.ts')).redisContenders(place);
    default:
      throw new RangeError(`There is no store ${store}.`);
  }
}
