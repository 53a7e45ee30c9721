import { createHash } from 'node:crypto';
import type { DeliverySummary, StoredDelivery } from '@hookproof/core';
import type { DeliveryError } from '@hookproof/core/inbox';
import type { Fresh } from '../engine.ts';
import type { NewJob } from './bullmq.ts';

/**
 * Where a delivery is: the queue of its receiver, and the id of its job there, which is made of name and key, so that
 * a second copy of an event finds the first one's place taken.
 */
export interface Place {
  readonly id: string;
  readonly queue: string;
  readonly job: string;
}

/** A stored delivery, with what the inbox knows besides what users see. */
export interface Row extends Place {
  readonly summary: DeliverySummary;
  /** Token of the last lease. */
  readonly takenBy: string | undefined;
  /** Token of the lease under which the last failure was recorded. */
  readonly failedUnder: string | undefined;
  /** Whether the worker of the last attempt that is over died. */
  readonly lost: boolean;
}

/** Fields of a job that make a {@link Row}. */
export const rowFields = ['opts', 'ats', 'atm', 'pb', 'finishedOn', 'returnvalue', 'hookproofError'];

/** How a failure is kept in a job's field `hookproofError`. */
interface Failure extends DeliveryError {
  readonly token: string;
  /** Which attempt it was. BullMQ's own count of a dead letter is 0, so that its dashboards' retry begins anew. */
  readonly attempts: number;
}

/** Name of the queue of a receiver. BullMQ's names cannot have colons. */
export function queueOf(name: string): string {
  return encodeURIComponent(name);
}

export function placeOf(name: string, key: string): Place {
  const queue = queueOf(name);
  // As JSON, because there all texts differ that differ: as UTF-8 halves of surrogate pairs are one and the same.
  const job = createHash('sha256')
    .update(JSON.stringify([name, key]))
    .digest('hex');
  return { id: `${queue}:${job}`, queue, job };
}

/** Where a delivery with this id is, if there is one. */
export function placeIn(id: string): Place | undefined {
  const [, queue, job] = /^([^:]{1,1000}):([0-9a-f]{64})$/.exec(id) ?? [];
  return queue === undefined || job === undefined ? undefined : { id, queue, job };
}

/** The job of a delivery, as a dashboard shows it. */
export function jobOf(delivery: Fresh, id: string, attempts: number): NewJob {
  const { name, owner, key, type, receivedAt, headers, body } = delivery;
  return {
    id,
    // It may be as long as the body.
    name: type?.slice(0, 200) || 'unreadable',
    data: JSON.stringify({
      owner,
      key,
      type,
      receivedAt: new Date(receivedAt).toISOString(),
      headers: Object.fromEntries(headers),
      body: Buffer.from(body.buffer, body.byteOffset, body.byteLength).toString('base64'),
    }),
    opts: {
      attempts,
      // What lists show without reading the body. As text, because Redis would change what it takes for JSON.
      hookproof: JSON.stringify({ name, owner, key, type, receivedAt }),
    },
    timestamp: Date.now(),
    progress: 0,
    attemptsMade: 0,
    attemptsStarted: 0,
    failedReason: '',
    returnvalue: '',
    stalledCounter: 0,
  };
}

function summaryIn(opts: string): Partial<Record<string, unknown>> {
  return Object(JSON.parse(String(Reflect.get(Object(JSON.parse(opts)), 'hookproof') ?? '{}')));
}

/** The fields that record a failure, where dashboards look for them and where the inbox does. */
export function failureFields(error: DeliveryError, token: string, attempts: number): Record<string, string> {
  const failure: Failure = { code: error.code, message: error.message, token, attempts };
  return { failedReason: reasonOf(error), hookproofError: JSON.stringify(failure) };
}

export function reasonOf({ code, message }: DeliveryError): string {
  return `${code}: ${message}`;
}

/** What a job's fields, its place among the delayed, and whether it is active, make of it. */
export function rowOf(place: Place, fields: unknown, delayed: unknown, active: boolean): Row | undefined {
  const [opts, ats, atm, pb, finishedOn, returnvalue, failed] = Array.isArray(fields) ? fields : [];
  if (typeof opts !== 'string') return undefined;
  const { name, owner, key, type, receivedAt } = summaryIn(opts);
  // A job that somebody else added.
  if (typeof name !== 'string' || typeof key !== 'string' || typeof receivedAt !== 'number') return undefined;
  const failure: Failure | undefined = typeof failed === 'string' ? JSON.parse(failed) : undefined;
  const finished = typeof finishedOn === 'string' ? new Date(Number(finishedOn)) : undefined;
  const state = finished ? (typeof returnvalue === 'string' ? 'handled' : 'dead') : active ? 'working' : 'waiting';
  const takenBy = typeof pb === 'string' ? pb : undefined;
  const attempts = state === 'dead' ? (failure?.attempts ?? 0) : Number(ats ?? 0);
  const lost = isLost(state, attempts, Number(atm ?? 0), failure, takenBy);
  const arrived = new Date(receivedAt);
  const { id, queue, job } = place;
  return {
    id,
    queue,
    job,
    takenBy,
    failedUnder: failure?.token,
    lost,
    summary: {
      id,
      name,
      owner: typeof owner === 'string' ? owner : undefined,
      key,
      type: typeof type === 'string' ? type : undefined,
      lane: undefined,
      state,
      attempts,
      receivedAt: arrived,
      // BullMQ counts in 4096ths of a millisecond there.
      dueAt: state !== 'waiting' ? undefined : delayed === null ? arrived : new Date(Number(delayed) / 4096),
      finishedAt: finished,
      error: errorOf(state, attempts, failure, lost),
    },
  };
}

/** Whether an attempt ended without a record. What is recorded may be of an attempt before it, or before a replay. */
function isLost(
  state: DeliverySummary['state'],
  attempts: number,
  recorded: number,
  failure: Failure | undefined,
  takenBy: string | undefined,
): boolean {
  if (state === 'waiting') return attempts > 0 && failure?.token !== takenBy;
  return state === 'working' && attempts > 1 && (recorded === 0 || failure?.attempts !== attempts - 1);
}

export const workerLost: DeliveryError = {
  code: 'worker_lost',
  message: 'The worker of this attempt died or lost touch with the inbox.',
};

/** Why the last attempt that is over failed. */
function errorOf(
  state: DeliverySummary['state'],
  attempts: number,
  failure: Failure | undefined,
  lost: boolean,
): DeliveryError | undefined {
  if (lost) return workerLost;
  if (state === 'handled' || attempts === 0 || (state === 'working' && attempts === 1)) return undefined;
  return failure && { code: failure.code, message: failure.message };
}

/** What a job's data holds besides the summary; undefined where the inbox did not store it. */
export function contentOf(data: unknown): Content | undefined {
  const { owner, headers, body, receivedAt } = Object(JSON.parse(String(data)));
  if (typeof body !== 'string' || typeof receivedAt !== 'string' || typeof headers !== 'object') return undefined;
  return {
    owner: typeof owner === 'string' ? owner : undefined,
    headers: new Map(Object.entries(Object(headers)).map(([name, value]) => [name, String(value)])),
    body: new Uint8Array(Buffer.from(body, 'base64')),
    receivedAt: new Date(receivedAt),
  };
}

type Content = Pick<StoredDelivery, 'owner' | 'headers' | 'body' | 'receivedAt'>;
