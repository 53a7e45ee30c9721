/** A process of its own per scheme, as an app has one provider: measures contenders against each other. */
import { setImmediate } from 'node:timers/promises';
import { measure } from 'mitata';
import { answer } from '../children.ts';
import { isScheme } from '../deliveries.ts';
import { interleave } from '../rounds.ts';
import type { Contenders } from './contenders.ts';
import { fetching } from './fetch.ts';
import { hashing } from './hmac.ts';
import { receiving } from './receive.ts';

/** What to measure, with how many rounds of `samples` samples of about `sampleMs` milliseconds. */
export interface MeasureQuestion {
  readonly subject: 'receive' | 'fetch' | 'hmac';
  readonly bytes: number;
  readonly rounds: number;
  readonly samples: number;
  readonly sampleMs: number;
}

/** Processor time per call in microseconds, by contender and round. */
export type MeasureAnswer = Readonly<Record<string, readonly number[]>>;

const [, , scheme] = process.argv;

answer(async ({ subject, bytes, rounds, samples, sampleMs }: MeasureQuestion): Promise<MeasureAnswer> => {
  const contenders = await make(subject, bytes);
  for (const [name, call] of Object.entries(contenders)) check(name, await call());

  // One sample holds many calls, so that each bears its share of garbage collection.
  let callUs = 0;
  for (const call of Object.values(contenders)) callUs = Math.max(callUs, await time(call, 16, samples));
  const calls = Math.min(4096, Math.max(4, Math.round((sampleMs * 1000) / callUs / 4) * 4));
  // Not counted: until then the engine compiles.
  for (const call of Object.values(contenders)) await time(call, calls, 5 * samples);

  const results = await interleave(Object.keys(contenders), rounds, async (name) => {
    // Lets the process notice that its parent is gone.
    await setImmediate();
    return time(contenders[name] ?? fail(name), calls, samples);
  });
  for (const [name, call] of Object.entries(contenders)) check(name, await call());
  return results;
});

async function make(subject: MeasureQuestion['subject'], bytes: number): Promise<Contenders> {
  if (subject === 'hmac') return hashing(bytes);
  if (!isScheme(scheme)) throw new RangeError(`There is no scheme ${scheme}.`);
  return subject === 'fetch' ? fetching(scheme, bytes) : receiving(scheme, bytes);
}

async function time(call: () => Promise<unknown>, calls: number, samples: number): Promise<number> {
  const { p50 } = await measure(call, {
    // The clock of this process: time in which other processes had the processor does not count.
    now: processorNanoseconds,
    gc: false,
    min_cpu_time: 0,
    min_samples: samples,
    // Every sample is a batch, however long a call takes.
    batch_threshold: Number.POSITIVE_INFINITY,
    warmup_threshold: Number.POSITIVE_INFINITY,
    batch_samples: calls,
  });
  return p50 / 1000;
}

/** Of all its threads: garbage collection and the pool that WebCrypto works in count. */
function processorNanoseconds(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) * 1000;
}

/** Figures of refused deliveries would mean nothing. */
function check(name: string, result: unknown): void {
  const refused = typeof result === 'object' && result !== null && 'status' in result && result.status !== 200;
  if (refused) throw new Error(`${name} refused a genuine delivery with ${result.status}.`);
}

function fail(name: string): never {
  throw new RangeError(`There is no contender ${name}.`);
}
