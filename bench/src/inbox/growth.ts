/**
 * A process of its own per kind of store: fills a file, and measures what `accept` costs the more it holds. The keys of
 * `random` belong anywhere in an index, and all its deliveries wait; those of `sorted` come in order, and are handled.
 */
import { rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import type { Inbox } from '@hookproof/core';
import { sqliteInbox } from '@hookproof/inbox/sqlite';
import { answer } from '../children.ts';
import { interleave } from '../rounds.ts';
import { proven, randomKey, sortedKey } from './deliveries.ts';
import { type Timing, time } from './timing.ts';

/** Fills the file up to `stored`, then measures accepts in it beside accepts in an empty one. */
export interface GrowthQuestion {
  readonly stored: number;
  readonly rounds: number;
  /** Accepts of a round. */
  readonly accepts: number;
}

export interface GrowthAnswer {
  readonly grown: readonly Timing[];
  readonly empty: readonly Timing[];
  /** Of this process after a garbage collection. */
  readonly rssBytes: number;
  /** The file with its write-ahead log. */
  readonly fileBytes: number;
  /** Microseconds per delivery to lease it and to record it as handled, where it is measured. */
  readonly workUs: number;
  readonly emptyWorkUs: number;
  /** Milliseconds of what holds up the process now and then: `recover` while it works, the rest when it is asked. */
  readonly recoverMs: number;
  readonly countsMs: number;
  readonly countsOfNameMs: number;
  /** The first of the dead letters, of which there is none. */
  readonly listMs: number;
}

/** Callers of `accept`. */
const callers = 64;

/** Deliveries of one commit while the file is filled. */
const fillSize = 500;

const [, , kind, folder = ''] = process.argv;
const makeKey = kind === 'sorted' ? sortedKey : randomKey;
setFlagsFromString('--expose-gc');
const collectGarbage: () => void = runInNewContext('gc');

const next = await proven(makeKey);
const grownFile = join(folder, `${kind}.db`);
const grown = open(grownFile);
let stored = 0;
let empties = 0;
/** When the first attempt began. */
let workingSince: number | undefined;
// Not counted: until then the engine compiles.
await measureEmpty(fillSize * 10);

answer(async (question: GrowthQuestion): Promise<GrowthAnswer> => {
  const { accepts, rounds } = question;
  while (stored < question.stored) {
    const size = Math.min(fillSize, question.stored - stored);
    await Promise.all(Array.from({ length: size }, () => grown.accept(next())));
    stored += size;
  }
  if (kind === 'sorted') await handleAll();
  const contenders = { grown: measureGrown, empty: measureEmpty } as const;
  const results = await interleave(['grown', 'empty'] as const, rounds, (name) => contenders[name](accepts));
  return { ...results, ...(await costs(accepts)) };
});

/** By an inbox of its own that takes many at once, because nobody waits for it. */
async function handleAll(): Promise<void> {
  const worker = open(grownFile, fillSize);
  await worker.drain({ maxMs: 60 * 60 * 1_000 });
  await worker.close();
}

async function measureGrown(accepts: number): Promise<Timing> {
  stored += accepts;
  return accept(grown, accepts);
}

async function measureEmpty(accepts: number): Promise<Timing> {
  return withEmpty((inbox) => accept(inbox, accepts));
}

function accept(inbox: Inbox, accepts: number): Promise<Timing> {
  return time(callers, { calls: accepts }, () => inbox.accept(next()));
}

async function withEmpty<Result>(use: (inbox: Inbox) => Promise<Result>): Promise<Result> {
  const file = join(folder, `${kind}-empty-${++empties}.db`);
  const inbox = open(file);
  // Its statements are prepared, as those of the grown one are.
  await inbox.accept(next());
  const result = await use(inbox);
  await inbox.close();
  for (const end of ['', '-wal', '-shm']) rmSync(file + end, { force: true });
  return result;
}

async function costs(accepts: number): Promise<Omit<GrowthAnswer, 'grown' | 'empty'>> {
  collectGarbage();
  const rssBytes = process.memoryUsage.rss();
  const fileBytes = sizeOf(grownFile) + sizeOf(`${grownFile}-wal`);
  const countsMs = await milliseconds(() => grown.counts());
  const countsOfNameMs = await milliseconds(() => grown.counts('grantex'));
  const listMs = await milliseconds(() => grown.list({ state: 'dead' })[Symbol.asyncIterator]().next());
  // Without a receiver it is all that `drain` does.
  const idle = sqliteInbox({ path: grownFile, work: false });
  const recoverMs = await milliseconds(() => idle.drain());
  await idle.close();
  const workUs = await workOff(grown);
  const emptyWorkUs = await withEmpty(async (inbox) => {
    await accept(inbox, accepts);
    return workOff(inbox);
  });
  return { rssBytes, fileBytes, workUs, emptyWorkUs, recoverMs, countsMs, countsOfNameMs, listMs };
}

async function milliseconds(call: () => Promise<unknown>): Promise<number> {
  const from = performance.now();
  await call();
  return performance.now() - from;
}

/** Leases and settles for half a second, or until nothing is left, with handlers that do nothing. */
async function workOff(inbox: Inbox): Promise<number> {
  workingSince = undefined;
  const { handled } = await inbox.drain({ maxMs: 500 });
  return ((performance.now() - (workingSince ?? Number.NaN)) * 1_000) / handled;
}

function open(path: string, concurrency = 10): Inbox {
  const inbox = sqliteInbox({ path, work: false, concurrency });
  inbox.register({
    name: 'grantex',
    work: async (attempt) => {
      workingSince ??= performance.now();
      return (await attempt.settle(undefined)).outcome;
    },
  });
  return inbox;
}

function sizeOf(path: string): number {
  return statSync(path, { throwIfNoEntry: false })?.size ?? 0;
}
