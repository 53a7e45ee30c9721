/** Milliseconds of a `retry-after` header, in seconds or as a date; undefined for one that is neither (RFC 9110, 10.2.3). */
export function retryAfterMs(header: string | null, now: number): number | undefined {
  const text = header?.trim() ?? '';
  if (/^\d+$/.test(text)) return Math.min(Number(text) * 1_000, Number.MAX_SAFE_INTEGER);
  const date = httpDate(text, now);
  return date === undefined ? undefined : Math.max(date - now, 0);
}

const weekday = '(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun)';
const longWeekday = '(?:Mon|Tues|Wednes|Thurs|Fri|Satur|Sun)day';
const month = '(?<month>[A-Z][a-z]{2})';
const time = String.raw`(?<hour>\d\d):(?<minute>\d\d):(?<second>\d\d)`;

/** As it is written today, as RFC 850 did, and as asctime() does: all three must be understood (RFC 9110, 5.6.7). */
const forms = [
  String.raw`${weekday}, (?<day>\d\d) ${month} (?<year>\d{4}) ${time} GMT`,
  String.raw`${longWeekday}, (?<day>\d\d)-${month}-(?<year>\d\d) ${time} GMT`,
  String.raw`${weekday} ${month} (?<day>[ \d]\d) ${time} (?<year>\d{4})`,
].map((form) => new RegExp(`^${form}$`));

const months = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];

/** Milliseconds since 1970. Not by `Date.parse`, which takes nearly anything for a date, and in each runtime something else. */
function httpDate(text: string, now: number): number | undefined {
  const found = forms.map((form) => form.exec(text)?.groups).find((groups) => groups !== undefined);
  if (found === undefined) return undefined;
  const [day, hour, minute, second] = [found['day'], found['hour'], found['minute'], found['second']].map(Number);
  const [index, year] = [months.indexOf(found['month'] ?? ''), fullYear(found['year'] ?? '', now)];
  if (day === undefined || hour === undefined || minute === undefined || second === undefined) return undefined;
  // A minute may have a 61st second; nothing else may be more than it can.
  if (index < 0 || hour > 23 || minute > 59 || second > 60) return undefined;
  const date = new Date(0);
  date.setUTCFullYear(year, index, day);
  return date.getUTCDate() === day ? date.setUTCHours(hour, minute, second) : undefined;
}

/** Two digits that would be more than 50 years ahead are of the century before. */
function fullYear(digits: string, now: number): number {
  if (digits.length > 2) return Number(digits);
  const thisYear = new Date(now).getUTCFullYear();
  const year = thisYear - (thisYear % 100) + Number(digits);
  return year > thisYear + 50 ? year - 100 : year;
}
