import { Refusal } from '../error.ts';
import type { WebhookEvent } from './event.ts';

/**
 * Refuses an event whose own time is too long ago. The body is signed, so whoever sends a captured delivery again cannot
 * change it; a genuine retry carries it too. An event without a time is not refused.
 */
export function checkAge(
  { timestamp }: WebhookEvent,
  maxSeconds: number | undefined,
  now: number,
): Refusal | undefined {
  if (maxSeconds === undefined || timestamp === undefined) return undefined;
  const seconds = (now - timestamp.getTime()) / 1000;
  if (seconds <= maxSeconds) return undefined;
  return new Refusal(
    'stale_event',
    () => `The event happened ${Math.round(seconds)} seconds ago, more than maxEventAgeSeconds (${maxSeconds}).`,
    'It is a replay, a resend by hand, or a retry that came later than maxEventAgeSeconds allows.',
  );
}
