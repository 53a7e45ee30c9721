import { InvalidArgumentError } from '@commander-js/extra-typings';

/** When a request arrived: milliseconds since 1970, or the time that its signature covers. */
export type Moment = number | 'signed';

/** Reads `--at`. */
export function moment(text: string): Moment {
  if (text === 'signed') return text;
  const milliseconds = /^\d{1,12}$/.test(text) ? Number(text) * 1000 : timeOf(text);
  if (Number.isNaN(milliseconds)) {
    throw new InvalidArgumentError('Give seconds since 1970, a time such as 2026-11-21T09:00:00Z, or signed.');
  }
  return milliseconds;
}

function timeOf(text: string): number {
  // With its zone: another machine would read another time otherwise.
  const isWhole = /^\d{4}-\d\d-\d\d[T ]\d\d:\d\d(:\d\d(\.\d{1,9})?)?(Z|[+-]\d\d:?\d\d)$/i.test(text);
  return isWhole ? Date.parse(text) : Number.NaN;
}
