import type { DeliverySummary, StoredDelivery } from '@hookproof/core';
import { column, optionalTextIn, textIn } from '../columns.ts';
import { stateOf } from '../states.ts';

/** The columns that make a {@link DeliverySummary}. */
export const summaryColumns =
  'd.seq, name, owner, key, type, lane, state, attempts, received_at, due_at, finished_at, error_code, error_message';

export function summaryOf(row: unknown): DeliverySummary {
  const state = stateOf(textIn(row, 'state'));
  const code = optionalTextIn(row, 'error_code');
  return {
    id: String(numberIn(row, 'seq')),
    name: textIn(row, 'name'),
    owner: optionalTextIn(row, 'owner'),
    key: textIn(row, 'key'),
    type: optionalTextIn(row, 'type'),
    lane: optionalTextIn(row, 'lane'),
    state,
    attempts: numberIn(row, 'attempts'),
    receivedAt: new Date(numberIn(row, 'received_at')),
    dueAt: state === 'waiting' ? new Date(numberIn(row, 'due_at')) : undefined,
    finishedAt: column(row, 'finished_at') === null ? undefined : new Date(numberIn(row, 'finished_at')),
    error: code === undefined ? undefined : { code, message: textIn(row, 'error_message') },
  };
}

export function headersIn(row: unknown): StoredDelivery['headers'] {
  return new Map<string, string>(JSON.parse(textIn(row, 'headers')));
}

export function bytesIn(row: unknown, name: string): Uint8Array {
  const value = column(row, name);
  // A copy, because a handle may give a view of memory that others share.
  if (value instanceof Uint8Array) return new Uint8Array(value);
  // So libsql gives them.
  if (value instanceof ArrayBuffer) return new Uint8Array(value);
  throw new TypeError(`column ${name} of the inbox holds no bytes`);
}

/** A whole number, however the handle was told to give them. */
export function numberIn(row: unknown, name: string): number {
  const value = column(row, name);
  if (typeof value === 'number' || typeof value === 'bigint') return Number(value);
  throw new TypeError(`column ${name} of the inbox holds no number`);
}

/** Whether a statement that gives one row gave any. */
export function isRow(row: unknown): boolean {
  return row !== undefined && row !== null;
}
