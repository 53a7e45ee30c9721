import type { Settings } from './options.ts';

/** A year, in milliseconds. */
const longestDelayMs = 365 * 24 * 60 * 60 * 1_000;

/** Milliseconds between a failed attempt and the next, with their random part. */
export function delayAfter(attempt: number, { backoff, onError }: Pick<Settings, 'backoff' | 'onError'>): number {
  try {
    const delay = backoff(attempt) * (0.8 + 0.4 * Math.random());
    if (delay >= 0 && Number.isFinite(delay)) return Math.round(Math.min(delay, longestDelayMs));
    onError(new TypeError(`backoff(${attempt}) must return milliseconds, but returned ${delay}`));
  } catch (error) {
    onError(error);
  }
  return 60_000;
}

/**
 * Milliseconds between an attempt whose worker died and the next. The first time there are none, because a worker that is
 * replaced dies too. Later ones are spread over the whole pause: what was at work beside a delivery that kills its worker
 * must not share the next worker with it again and again.
 */
export function delayAfterLoss(attempt: number, settings: Pick<Settings, 'backoff' | 'onError'>): number {
  return attempt <= 1 ? 0 : Math.round(Math.random() * delayAfter(attempt, settings));
}
