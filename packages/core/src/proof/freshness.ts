import { WebhookError } from '../error.ts';

/**
 * Refuses a signed time that is too far from now, in either direction. It is judged after the signature, by the time
 * of this attempt and never by the event's own: a genuine retry carries an old event.
 */
export function checkFreshness(timestamp: string | undefined, toleranceSeconds: number, now: number): void {
  if (timestamp === undefined) return;
  const age = now / 1000 - Number(timestamp);
  if (Math.abs(age) <= toleranceSeconds) return;
  const seconds = Math.round(Math.abs(age));
  throw new WebhookError(
    'stale_delivery',
    `The delivery was signed ${seconds} seconds ${age > 0 ? 'ago' : 'in the future'}, more than toleranceSeconds (${toleranceSeconds}).`,
    { fix: "It is a replay, or this server's clock is wrong." },
  );
}
