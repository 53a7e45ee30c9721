import type { Link } from './client.ts';
import type { Place } from './jobs.ts';
import type { Keys } from './keys.ts';
import type { Queues } from './queues.ts';
import { stepOf } from './recorder.ts';
import { asFunction, partFunction, scriptAround } from './scripts.ts';

/**
 * Has BullMQ give jobs back, each with the token of the attempt before: what has not begun must not look like an attempt
 * whose worker died.
 */
const releaseScript = scriptAround(
  (giveBack) => `
${asFunction('giveBack', giveBack)}
${partFunction}
local times = tonumber(ARGV[1])
local keys, args = #KEYS / times, (#ARGV - 1) / times
for time = 0, times - 1 do
  local first, at = time * keys, 1 + time * args
  local done, reply = pcall(giveBack, part(KEYS, first + 1, keys - 1), part(ARGV, at + 1, args - 1))
  if done and type(reply) == 'number' and reply >= 0 then
    redis.call('HINCRBY', KEYS[first + 1], 'ats', -1)
    if ARGV[at + 1] ~= '' then redis.call('HSET', KEYS[first + 1], 'pb', ARGV[at + 1]) end
  end
end
return 0`,
);

/** A job that is to be given back, the token of its lease, and that under which the attempt before was recorded. */
export interface Unbegun {
  readonly name: string;
  readonly place: Place;
  readonly token: string;
  readonly before: string | undefined;
}

/** Makes the function that gives back what was taken, in the order in which it was. */
export function createReleaser(link: Link, queues: Queues, keys: Keys): (jobs: readonly Unbegun[]) => Promise<void> {
  async function stepBack({ name, place, token, before = '' }: Unbegun) {
    const { script, ...step } = await stepOf(queues.of(name).moveJobFromActiveToWait(place.job, token));
    return { script, keys: [keys.job(place), ...step.keys], args: [before, ...step.args] };
  }

  return async (jobs) => {
    // BullMQ puts each before those that wait.
    const steps = await Promise.all(jobs.toReversed().map(stepBack));
    const [first] = steps;
    if (first === undefined) return;
    const args = steps.flatMap((step) => step.args);
    await link.run(
      releaseScript(first.script),
      steps.flatMap((step) => step.keys),
      [steps.length, ...args],
    );
  };
}
