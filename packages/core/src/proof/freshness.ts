import { Refusal } from '../error.ts';

/**
 * Refuses a signed time that is too far from now, in either direction. It is judged after the signature, by the time
 * of this attempt and never by the event's own: a genuine retry carries an old event.
 */
export function checkFreshness(timestamp: string, toleranceSeconds: number, now: number): Refusal | undefined {
  const age = now / 1000 - Number(timestamp);
  if (Math.abs(age) <= toleranceSeconds) return undefined;
  return new Refusal(
    'stale_delivery',
    () => {
      const when = `${Math.round(Math.abs(age))} seconds ${age > 0 ? 'ago' : 'in the future'}`;
      return `The delivery was signed ${when}, more than toleranceSeconds (${toleranceSeconds}).`;
    },
    "It is a replay, or this server's clock is wrong.",
  );
}
