import { env } from 'node:process';
import { describe, it } from 'vitest';
import { run, runsOf, settings } from './attack.ts';

// A few of the cases of `pnpm attack`, which says how to repeat what fails here.
const { runs, seed, path, attacks } = settings(env, 2_000);

describe('whatever is sent gets what it deserves, and a row of the outcome table', () => {
  it.each(attacks.map((attack) => [attack.name, attack] as const))('%s', { timeout: 60_000 }, async (_name, attack) => {
    await run(attack, { runs: runsOf(attack, runs), seed, path });
  });
});
