/** A process of its own per subject and task: fills a store, sends to it, or works on it. */
import { setTimeout as pause } from 'node:timers/promises';
import { answer } from '../../children.ts';
import { clock, type Subject } from './subjects/subject.ts';

export type BacklogQuestion =
  | { readonly do: 'fill'; readonly count: number }
  /** Sends one event after the other to the quiet receiver. */
  | { readonly do: 'send'; readonly seconds: number; readonly everyMs: number }
  /** Is answered when the process is at work. */
  | { readonly do: 'begin'; readonly concurrency: number; readonly handlerMs: number }
  /** Is answered with how much was seen since then. */
  | { readonly do: 'look' }
  /** Is answered with all that was seen. */
  | { readonly do: 'end' };

/** What a process that worked has seen, by a clock that all processes share, in milliseconds. */
export interface Worked {
  /** When the first handler began; undefined where none did. */
  readonly begunAt: number | undefined;
  /** When each event was recorded as handled. */
  readonly handledAt: readonly number[];
  /** From each event's way into the store to its handler, of the quiet receiver. */
  readonly waitsMs: readonly number[];
}

/** How much of it a process has seen. */
export interface Seen {
  readonly handled: number;
  /** Events of the quiet receiver. */
  readonly heard: number;
}

/** `place` is a file, or the address of a server. */
const [, , name, place = ''] = process.argv;

const subject = await make();
let worked: { begunAt: number | undefined; handledAt: number[]; waitsMs: number[] } | undefined;
let stop: (() => Promise<unknown>) | undefined;

answer(async (question: BacklogQuestion): Promise<number | Seen | Worked | undefined> => {
  switch (question.do) {
    case 'fill':
      await subject.fill(question.count);
      return undefined;
    case 'send':
      return send(question);
    case 'begin':
      await begin(question);
      return undefined;
    case 'look':
      return { handled: worked?.handledAt.length ?? 0, heard: worked?.waitsMs.length ?? 0 };
    case 'end':
      await stop?.();
      return worked;
  }
});

/** Returns how many it sent. */
async function send({ seconds, everyMs }: { readonly seconds: number; readonly everyMs: number }): Promise<number> {
  const until = performance.now() + seconds * 1_000;
  let sent = 0;
  while (performance.now() < until) {
    await subject.send();
    sent++;
    // Not in step with anyone's poll.
    await pause(everyMs * (0.5 + Math.random()));
  }
  return sent;
}

async function begin(how: { readonly concurrency: number; readonly handlerMs: number }): Promise<void> {
  const seen: NonNullable<typeof worked> = { begunAt: undefined, handledAt: [], waitsMs: [] };
  worked = seen;
  stop = await subject.work({
    ...how,
    begun() {
      seen.begunAt ??= clock();
    },
    handled: () => seen.handledAt.push(clock()),
    heard: (sentAt) => seen.waitsMs.push(clock() - sentAt),
  });
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
