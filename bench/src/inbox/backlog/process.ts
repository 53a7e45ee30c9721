/** A process of its own per subject and task: fills a store, sends to it, or works on it. */
import { EventEmitter, once } from 'node:events';
import { setTimeout as pause } from 'node:timers/promises';
import { answer } from '../../children.ts';
import { clock, type Subject } from './subjects/subject.ts';

export type BacklogQuestion =
  | { readonly do: 'fill'; readonly count: number }
  /** Sends one event after the other to the quiet receiver. */
  | { readonly do: 'send'; readonly seconds: number; readonly everyMs: number }
  /** Is answered when the process is at work. */
  | { readonly do: 'begin'; readonly concurrency: number; readonly handlerMs: number }
  /** Is answered with what was seen; `some` where at least one event must have been handled. */
  | { readonly do: 'end'; readonly some: boolean };

/** What a process that worked has seen, by a clock that all processes share, in milliseconds. */
export interface Worked {
  /** When the first handler began; undefined where none did. */
  readonly begunAt: number | undefined;
  /** When each event was recorded as handled. */
  readonly handledAt: readonly number[];
  /** From each event's way into the store to its handler, of the quiet receiver. */
  readonly waitsMs: readonly number[];
}

/** `place` is a file, or the address of a server. */
const [, , name, place = ''] = process.argv;

const subject = await make();

let end: ((some: boolean) => Promise<Worked>) | undefined;

answer(async (question: BacklogQuestion): Promise<Worked | undefined> => {
  switch (question.do) {
    case 'fill':
      await subject.fill(question.count);
      return undefined;
    case 'send':
      await send(question);
      return undefined;
    case 'begin':
      end = await begin(question);
      return undefined;
    case 'end':
      return end?.(question.some);
  }
});

async function send({ seconds, everyMs }: { readonly seconds: number; readonly everyMs: number }): Promise<void> {
  const until = performance.now() + seconds * 1_000;
  while (performance.now() < until) {
    await subject.send();
    // Not in step with anyone's poll.
    await pause(everyMs * (0.5 + Math.random()));
  }
}

async function begin(how: {
  readonly concurrency: number;
  readonly handlerMs: number;
}): Promise<(some: boolean) => Promise<Worked>> {
  let begunAt: number | undefined;
  const handledAt: number[] = [];
  const waitsMs: number[] = [];
  const seen = new EventEmitter();
  const stop = await subject.work({
    ...how,
    begun() {
      begunAt ??= clock();
    },
    handled() {
      handledAt.push(clock());
      seen.emit('handled');
    },
    heard: (sentAt) => waitsMs.push(clock() - sentAt),
  });
  return async (some) => {
    if (some && handledAt.length === 0) await once(seen, 'handled', { signal: AbortSignal.timeout(30_000) });
    await stop();
    return { begunAt, handledAt, waitsMs };
  };
}

async function make(): Promise<Subject> {
  switch (name) {
    case 'sqlite':
    case 'postgres':
    case 'redis':
      return (await import('./subjects/ours.ts')).ours(name, place);
    case 'pg-boss':
      return (await import('./subjects/pg-boss.ts')).pgBoss(place);
    case 'bullmq':
      return (await import('./subjects/bullmq.ts')).bullmq(place);
    default:
      throw new RangeError(`There is no subject ${name}.`);
  }
}
