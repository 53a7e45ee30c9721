import { WebhookError } from '@hookproof/core';
import type { Recorder } from './recorder.ts';

/** What is used of the package bullmq. */
export interface Bullmq {
  createRedisBackend(name: string, options: BullmqOptions): BullmqBackend;
}

/** Options of a queue and of its workers, as far as its backend reads them. */
interface BullmqOptions {
  readonly connection: Recorder;
  readonly prefix: string;
  readonly skipVersionCheck: boolean;
  readonly lockDuration: number;
  readonly stalledInterval: number;
  readonly maxStalledCount: number;
}

/** The steps that a job of BullMQ can take, each of them a script of its. */
export interface BullmqBackend {
  addJob(job: NewJob, id: string): Promise<unknown>;
  moveToActive(token: string, workerName: string): Promise<unknown>;
  moveToCompleted(job: KnownJob, result: null, remove: false, token: string, fetchNext: false): Promise<unknown>;
  moveToDelayed(
    id: string,
    now: number,
    delayMs: number,
    token: string,
    options: { fieldsToUpdate: Record<string, unknown> },
  ): Promise<unknown>;
  moveToFailed(
    job: KnownJob,
    reason: string,
    remove: false,
    token: string,
    fetchNext: false,
    fieldsToUpdate: Record<string, unknown>,
  ): Promise<unknown>;
  moveJobFromActiveToWait(id: string, token: string): Promise<unknown>;
  moveStalledJobsToWait(): Promise<unknown>;
  extendLocks(ids: string[], tokens: string[], durationMs: number): Promise<unknown>;
  retryFinishedJob(
    job: KnownJob,
    state: 'failed' | 'completed',
    options: { resetAttemptsMade: true; resetAttemptsStarted: true },
  ): Promise<unknown>;
  promote(id: string): Promise<unknown>;
}

/** A job that is to be added, as BullMQ wants it. */
export interface NewJob {
  readonly id: string;
  readonly name: string;
  readonly data: string;
  readonly opts: { readonly attempts: number; readonly hookproof: string };
  readonly timestamp: number;
  readonly progress: number;
  readonly attemptsMade: number;
  readonly attemptsStarted: number;
  readonly failedReason: string;
  readonly returnvalue: string;
  readonly stalledCounter: number;
}

/** A job that is there, for the steps that want to know more of it than its id. */
export interface KnownJob {
  readonly id: string;
  readonly opts: { readonly attempts: number };
}

/**
 * Loads the package bullmq.
 *
 * @throws WebhookError `invalid_options` where it is not installed; the message says what to install
 */
export async function loadBullmq(load: () => Promise<unknown> = () => import('bullmq')): Promise<Bullmq> {
  let loaded: unknown;
  try {
    loaded = await load();
  } catch (error) {
    if (Reflect.get(Object(error), 'code') !== 'ERR_MODULE_NOT_FOUND') throw error;
    throw new WebhookError('invalid_options', 'redisInbox needs the package bullmq, which is not installed.', {
      cause: error,
      fix: 'Run "npm install bullmq ioredis".',
    });
  }
  if (isBullmq(loaded)) return loaded;
  throw new WebhookError('invalid_options', 'redisInbox needs bullmq 6.7 or later, and found another one.', {
    fix: 'Run "npm install bullmq@6 ioredis".',
  });
}

function isBullmq(value: unknown): value is Bullmq {
  return typeof Reflect.get(Object(value), 'createRedisBackend') === 'function';
}
