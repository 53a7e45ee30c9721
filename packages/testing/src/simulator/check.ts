import { validateHeaderName, validateHeaderValue } from 'node:http';
import { invalid } from '@hookproof/core/strict';

/** Refuses what is no number within its bounds; undefined is left to the default. */
export function checkNumber(
  option: string,
  value: unknown,
  { from, to, whole = false }: { readonly from: number; readonly to: number; readonly whole?: boolean },
): void {
  if (value === undefined) return;
  if (typeof value === 'number' && value >= from && value <= to && (!whole || Number.isInteger(value))) return;
  throw invalid(`${option} must be a ${whole ? 'whole ' : ''}number from ${from} to ${to}`);
}

/** Refuses what is not a function; undefined is left to the default. */
export function checkFunction(option: string, value: unknown): void {
  if (value !== undefined && typeof value !== 'function') throw invalid(`${option} must be a function`);
}

/** Refuses a header that HTTP cannot carry, such as one with a line break. */
export function checkHeader(option: string, name: string, value: unknown): void {
  try {
    validateHeaderName(name);
    if (typeof value !== 'string') throw new TypeError('no text');
    validateHeaderValue(name, value);
  } catch {
    throw invalid(`${option}["${name.replace(/[^\x21-\x7e]/g, '?')}"] is not a header that HTTP can carry`);
  }
}
