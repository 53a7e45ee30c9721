import type { GrantexDeliveries } from './deliveries.ts';
import { EndpointError } from './error.ts';
import { temporary } from './http/client.ts';
import { invalid, maxTimer } from './options.ts';
import { pause } from './pause.ts';

/** How to wait for the deliveries that are queued for an endpoint, which Grantex deletes with it. */
export interface RetireOptions {
  /**
   * Milliseconds after which it does not look again, from 0, which looks once; 900,000 by default: Grantex tries a delivery
   * for about 11 minutes, and a burst waits for its turn.
   */
  readonly waitMs?: number | undefined;
  /** Milliseconds between one look at what is pending and the next; 5,000 by default. */
  readonly pollMs?: number | undefined;
  /**
   * Called after each look with the number of deliveries that are still waited for, and awaited. What it throws ends the
   * wait.
   */
  readonly onPending?: ((pending: number) => unknown) | undefined;
}

/** What `retire` has done. */
export interface GrantexRetired {
  /** `false` only where deliveries were still pending after `waitMs`: the endpoint is as it was then. */
  readonly deleted: boolean;
  /** The deliveries that were still waited for; 0 where the endpoint was deleted. */
  readonly pending: number;
}

/** The options of a wait with their defaults. */
export type Wait = Required<{ [K in keyof RetireOptions]: Exclude<RetireOptions[K], undefined> }>;

/** The names of {@link RetireOptions}. */
export const waitNames = { waitMs: true, pollMs: true, onPending: true } as const;

/** Checks how to wait; throws `invalid_options`. */
export function checkWait({ waitMs = 900_000, pollMs = 5_000, onPending = () => {} }: RetireOptions): Wait {
  if (typeof waitMs !== 'number' || !(waitMs >= 0 && waitMs <= maxTimer)) {
    throw invalid('waitMs is not a time.', `Give milliseconds from 0 to ${maxTimer}.`);
  }
  if (typeof pollMs !== 'number' || !(pollMs > 0 && pollMs <= maxTimer)) {
    throw invalid('pollMs is not a time.', `Give milliseconds above 0 and at most ${maxTimer}.`);
  }
  if (typeof onPending !== 'function') throw invalid('onPending is not a function.', 'Give one that takes a number.');
  return { waitMs, pollMs, onPending };
}

/**
 * Waits until all that was pending at the first look is delivered or given up. What is queued later is not waited for, or
 * the wait for a busy endpoint would have no end.
 *
 * @param pending reads the pending deliveries of the endpoint
 * @param sleep waits so many milliseconds, and throws where the call is stopped
 * @returns how many are still pending when the time is over; 0 if none are
 */
export async function untilDelivered(
  pending: () => GrantexDeliveries,
  { waitMs, pollMs, onPending }: Wait,
  sleep: (ms: number) => Promise<void>,
): Promise<number> {
  const end = performance.now() + waitMs;
  let newest: number | undefined;
  for (;;) {
    const isLast = performance.now() + pollMs > end;
    const seen = await look(pending(), newest).catch((thrown: unknown) => {
      // A provider that is out of order for a minute does not end a wait of ten.
      if (isLast || !(thrown instanceof EndpointError && temporary.has(thrown.code))) throw thrown;
      return undefined;
    });
    if (seen !== undefined) {
      newest ??= seen.newest;
      await onPending(seen.count);
      if (seen.count === 0 || isLast) return seen.count;
    }
    await sleep(pollMs);
  }
}

/** Counts the pending deliveries that are not newer than `newest`, by Grantex's own clock. */
async function look(deliveries: GrantexDeliveries, newest = Number.POSITIVE_INFINITY) {
  let [pages, read, most, count] = [0, 0, 0, 0];
  let found = Number.NEGATIVE_INFINITY;
  for await (const page of deliveries.pages()) {
    pages += page.deliveries.length < page.pageSize ? 0 : 1;
    read += page.deliveries.length;
    most = Math.max(most, page.total);
    for (const { createdAt } of page.deliveries) {
      const at = Date.parse(createdAt);
      // One whose time cannot be read counts: better to wait for too many.
      if (at > newest) continue;
      count += 1;
      if (at > found) found = at;
    }
  }
  // What was delivered after a full page was read moved others onto that page, where they were not seen.
  const mayBeMore = pages > 0 && read < most;
  return { count: mayBeMore ? Math.max(count, 1) : count, newest: found };
}

/** A pause that throws what `stopped` makes where the signal ends it. */
export function sleeper(signal: AbortSignal | undefined, stopped: (signal: AbortSignal) => Error) {
  return async (ms: number): Promise<void> => {
    await pause(ms, signal);
    if (signal?.aborted) throw stopped(signal);
  };
}
