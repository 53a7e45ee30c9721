import type { DeliverySummary, StoredDelivery } from '@hookproof/core';
import { column, optionalTextIn, textIn } from '../columns.ts';
import { stateOf } from '../states.ts';

// Numbers and times are asked for as text: what becomes of others is the choice of who set pg's type parsers.

/** A time as milliseconds since 1970. */
export const asMs = (column: string) => `(extract(epoch FROM ${column}) * 1000)::text AS ${column}`;

/** The columns that make a {@link DeliverySummary}. */
export const summaryColumns = `
  seq::text, name, owner, key, type, lane, state, attempts::text, ${asMs('received_at')}, ${asMs('due_at')},
  ${asMs('finished_at')}, error_code, error_message`;

export function summaryOf(row: unknown): DeliverySummary {
  const state = stateOf(textIn(row, 'state'));
  const code = optionalTextIn(row, 'error_code');
  return {
    id: textIn(row, 'seq'),
    name: textIn(row, 'name'),
    owner: optionalTextIn(row, 'owner'),
    key: textIn(row, 'key'),
    type: optionalTextIn(row, 'type'),
    lane: optionalTextIn(row, 'lane'),
    state,
    attempts: numberIn(row, 'attempts'),
    receivedAt: dateIn(row, 'received_at'),
    dueAt: state === 'waiting' ? dateIn(row, 'due_at') : undefined,
    finishedAt: optionalTextIn(row, 'finished_at') === undefined ? undefined : dateIn(row, 'finished_at'),
    error: code === undefined ? undefined : { code, message: textIn(row, 'error_message') },
  };
}

export function headersIn(row: unknown): StoredDelivery['headers'] {
  return new Map<string, string>(JSON.parse(textIn(row, 'headers')));
}

export function bytesIn(row: unknown, name: string): Uint8Array {
  const value = column(row, name);
  // A copy, because what pg gives is a Buffer, and mostly a view of memory that others share.
  if (value instanceof Uint8Array) return new Uint8Array(value);
  throw new TypeError(`column ${name} of the inbox holds no bytes`);
}

export function dateIn(row: unknown, name: string): Date {
  return new Date(Math.round(numberIn(row, name)));
}

export function numberIn(row: unknown, name: string): number {
  return Number(textIn(row, name));
}

/** A text as Postgres takes it: it has no NUL. */
export function storable(text: string): string {
  return text.replaceAll('\0', '\uFFFD');
}

/** The ids that may be there at all. */
export function seqsOf(ids: readonly string[]): readonly string[] {
  return ids.filter((id) => /^\d{1,18}$/.test(id));
}
