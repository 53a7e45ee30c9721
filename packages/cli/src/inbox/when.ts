import { InvalidArgumentError } from '@commander-js/extra-typings';

const units = new Map([
  ['s', 1_000],
  ['m', 60_000],
  ['h', 3_600_000],
  ['d', 86_400_000],
  ['w', 604_800_000],
]);

/** Reads a time from an option: how long ago, such as `24h`, or ISO 8601, which without a zone is local. */
export function when(text: string): Date {
  const [, count, unit = ''] = /^(\d+)([smhdw])$/.exec(text) ?? [];
  const time = count === undefined ? dateIn(text) : new Date(Date.now() - Number(count) * (units.get(unit) ?? 0));
  if (time.getTime() > 0) return time;
  throw new InvalidArgumentError('Give a time such as 2026-11-01 or 2026-11-01T09:30Z, or how long ago: 30m, 24h, 7d.');
}

function dateIn(text: string): Date {
  const [, day, clock = 'T00:00', zone = ''] =
    /^(\d{4}-\d\d-\d\d)([T ]\d\d:\d\d(?::\d\d(?:\.\d+)?)?)?(Z|[+-]\d\d:\d\d)?$/.exec(text) ?? [];
  // A day that its month does not have would be one of the next.
  const isDay = day !== undefined && new Date(day).toJSON()?.startsWith(day) === true;
  return new Date(isDay ? `${day}${clock.replace(' ', 'T')}${zone}` : Number.NaN);
}

/** A time as a reader's own clock shows it. */
export function localTime(date: Date | undefined): string {
  // The Swedes write it as ISO 8601 does.
  return date === undefined ? '' : date.toLocaleString('sv-SE');
}
