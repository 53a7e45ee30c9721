/** A process of its own per comparison, as an app has one provider: times both sides of a pair, one round at a time. */
import { setTimeout as pause } from 'node:timers/promises';
import { measure } from 'mitata';
import { answer } from '../children.ts';
import { handledEvents } from '../handle.ts';
import type { Side } from './pair.ts';
import { makePair, type Subject } from './subjects.ts';

/** What the process is started with. A round has `samples` samples of about `sampleMs` milliseconds. */
export interface MeasureOptions {
  readonly subject: Subject;
  readonly samples: number;
  readonly sampleMs: number;
}

const { subject, samples, sampleMs }: MeasureOptions = JSON.parse(process.argv[2] ?? '');
const pair = await makePair(subject);
await check('base');
await check('ours');
const calls = callsPerSample(Math.max(await time('base', 16, samples), await time('ours', 16, samples)));
// Not counted: until then the engine compiles, on threads of its own, which need a while where the machine is busy.
for (let batch = 0; batch < 4; batch++) {
  await time('base', calls, samples);
  await time('ours', calls, samples);
  await pause(50);
}

/** Processor time per call in microseconds. */
answer(async (side: Side): Promise<number> => {
  const cpuUs = await time(side, calls, samples);
  await check(side);
  return cpuUs;
});

/** One sample holds many calls, so that each bears its share of garbage collection. */
function callsPerSample(callUs: number): number {
  return Math.min(4096, Math.max(4, Math.round((sampleMs * 1000) / callUs / 4) * 4));
}

async function time(side: Side, calls: number, samples: number): Promise<number> {
  const { p50 } = await measure(pair[side], {
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

/** Figures of refused deliveries, or of forged ones that were taken, would mean nothing. */
async function check(side: Side): Promise<void> {
  const before = handledEvents();
  const result = await pair[side]();
  const handled = handledEvents() - before;
  const status = typeof result === 'object' && result !== null && 'status' in result ? result.status : undefined;
  const expected = pair.genuine ? [1, 200] : [0, 401];
  if (handled === expected[0] && (status === undefined || status === expected[1])) return;
  throw new Error(`${subject.name}, ${subject.scheme}, ${side}: ${handled} events were handled, status ${status}.`);
}
