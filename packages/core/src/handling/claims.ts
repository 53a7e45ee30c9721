import { WebhookError } from '../error.ts';
import type { Awaitable } from '../timing/awaitable.ts';

/** What asking for a key gives: it is yours, someone else is at work on it, or it is done. */
export type Claim =
  | {
      readonly state: 'taken';
      /** The event was handled: every later delivery of it is a duplicate. */
      done(): Awaitable<void>;
      /** It was not handled: the next delivery may try. */
      release(): Awaitable<void>;
    }
  | { readonly state: 'busy' }
  | { readonly state: 'done' };

/**
 * Remembers which events were handled, for the `dedupe` option. The in-process store ({@link memoryClaims}) serves one
 * process; give a store of your own to share claims between several.
 */
export interface ClaimStore {
  /**
   * Takes a key, atomically. A claim that is neither done nor released within `leaseMs` milliseconds is lost, because
   * its holder must have died; what the late holder then says of it changes nothing for the next one.
   */
  claim(key: string, leaseMs: number): Awaitable<Claim>;
}

/**
 * Claims in this process's memory: the default of `dedupe`.
 *
 * @param options.maxKeys how many keys are remembered, 10,000 by default; the oldest handled ones are forgotten first
 * @throws WebhookError `invalid_options` where `maxKeys` is no positive whole number
 *
 * @example
 * ```ts
 * import { createReceiver, gravv, memoryClaims } from '@hookproof/core';
 *
 * export const receiver = createReceiver({
 *   provider: gravv(),
 *   secret: process.env.GRAVV_SECRET ?? '',
 *   dedupe: memoryClaims({ maxKeys: 100_000 }),
 *   on: { 'transfer.status.completed': ({ data }) => console.log(data.amount) },
 * });
 * ```
 */
export function memoryClaims(options: { readonly maxKeys?: number } = {}): ClaimStore {
  const maxKeys = options.maxKeys ?? 10_000;
  if (!Number.isSafeInteger(maxKeys) || maxKeys < 1) {
    throw new WebhookError('invalid_options', 'maxKeys must be a whole number of keys, at least 1.');
  }
  const handled = new Set<string>();
  const oldest = handled.values();
  /** When each claim is lost, on the monotonic clock in milliseconds; those that end first come first. */
  const running = new Map<string, { readonly expires: number }>();

  return {
    claim(key, leaseMs) {
      if (handled.has(key)) return { state: 'done' };
      const now = performance.now();
      // Holders that died never come back to clean up.
      for (const [other, { expires }] of running) {
        if (expires > now) break;
        running.delete(other);
      }
      const current = running.get(key);
      if (current !== undefined && current.expires > now) return { state: 'busy' };
      const mine = { expires: now + leaseMs };
      running.delete(key);
      running.set(key, mine);
      return {
        state: 'taken',
        done() {
          if (running.get(key) === mine) running.delete(key);
          // Its lease may be over: what counts is whether somebody else has begun again.
          else if (running.has(key)) return;
          handled.add(key);
          if (handled.size > maxKeys) {
            // Always the same iterator: a new one would first step over the places of all that was forgotten lately.
            const { value } = oldest.next();
            if (value !== undefined) handled.delete(value);
          }
        },
        release() {
          if (running.get(key) === mine) running.delete(key);
        },
      };
    },
  };
}
