import { WebhookError } from '@hookproof/core';
import type { RedisClient } from './client.ts';

/** What is used of the package bullmq. */
export interface Bullmq {
  readonly Queue: new (name: string, options: BullmqOptions) => BullmqQueue;
  readonly Job: new (queue: BullmqQueue, name: string, data: unknown, opts: object, id: string) => BullmqJob;
}

/** Options of a queue, and those of a worker on it, which the queue's backend reads too. */
interface BullmqOptions {
  readonly connection: RedisClient;
  readonly prefix: string;
  readonly skipVersionCheck: boolean;
  readonly lockDuration: number;
  readonly stalledInterval: number;
  readonly maxStalledCount: number;
}

/** A queue of BullMQ. */
export interface BullmqQueue {
  addBulk(jobs: { name: string; data: unknown; opts: Record<string, unknown> }[]): Promise<unknown>;
  getBackend(): BullmqBackend;
  waitUntilReady(): Promise<unknown>;
  on(event: 'error', listener: (error: Error) => void): unknown;
  close(): Promise<unknown>;
}

/** The steps that a job of BullMQ can take, each of them atomic; a refused one throws an error with a number as code. */
export interface BullmqBackend {
  moveToActive(token: string, workerName: string): Promise<readonly unknown[]>;
  moveToCompleted(job: BullmqJob, result: null, remove: boolean, token: string, fetchNext: false): Promise<unknown>;
  moveToDelayed(
    id: string,
    now: number,
    delayMs: number,
    token: string,
    options: { fieldsToUpdate: Record<string, unknown> },
  ): Promise<unknown>;
  moveToFailed(
    job: BullmqJob,
    reason: string,
    remove: false,
    token: string,
    fetchNext: false,
    fieldsToUpdate: Record<string, unknown>,
  ): Promise<unknown>;
  moveJobFromActiveToWait(id: string, token: string): Promise<unknown>;
  moveStalledJobsToWait(): Promise<unknown>;
  extendLocks(ids: string[], tokens: string[], durationMs: number): Promise<readonly string[]>;
  retryFinishedJob(
    job: BullmqJob,
    state: 'failed' | 'completed',
    options: { resetAttemptsMade: true; resetAttemptsStarted: true },
  ): Promise<unknown>;
  promote(id: string): Promise<unknown>;
  remove(id: string, removeChildren: false): Promise<unknown>;
}

/** A job, for those steps that want to know more than its id. */
export interface BullmqJob {
  readonly id?: string | undefined;
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
  const [Queue, Job]: unknown[] = ['Queue', 'Job'].map((name) => Reflect.get(Object(value), name));
  // The backend of queues came with version 6.
  return typeof Job === 'function' && typeof Queue === 'function' && typeof Queue.prototype?.getBackend === 'function';
}

/** Whether BullMQ did not take a step, because the job is gone, or elsewhere, or another worker's. */
export function isRefusal(error: unknown): boolean {
  const code: unknown = Reflect.get(Object(error), 'code');
  return typeof code === 'number' && [-1, -2, -3, -6].includes(code);
}
