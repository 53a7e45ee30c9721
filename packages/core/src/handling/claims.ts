import { invalid } from '../error.ts';
import { checkNames } from '../option-names.ts';
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
  checkNames<typeof options>('memoryClaims', options, { maxKeys: true });
  const maxKeys = options.maxKeys ?? 10_000;
  if (!Number.isSafeInteger(maxKeys) || maxKeys < 1)
    throw invalid('maxKeys must be a whole number of keys, at least 1');
  return new MemoryClaims(maxKeys);
}

class MemoryClaims implements ClaimStore {
  readonly #maxKeys: number;
  readonly #handled = new Set<string>();
  readonly #oldest = this.#handled.values();
  /** Those that end first come first. */
  readonly #running = new Map<string, MemoryClaim>();

  constructor(maxKeys: number) {
    this.#maxKeys = maxKeys;
  }

  claim(key: string, leaseMs: number): Claim {
    if (this.#handled.has(key)) return { state: 'done' };
    const now = performance.now();
    if (this.#running.size > 0) this.#forgetLost(now);
    const current = this.#running.get(key);
    if (current !== undefined && current.expires > now) return { state: 'busy' };
    const mine = new MemoryClaim(this, key, now + leaseMs);
    this.#running.delete(key);
    this.#running.set(key, mine);
    return mine;
  }

  /** Holders that died never come back to clean up. */
  #forgetLost(now: number): void {
    for (const [key, { expires }] of this.#running) {
      if (expires > now) break;
      this.#running.delete(key);
    }
  }

  done(claim: MemoryClaim): void {
    const { key } = claim;
    if (this.#running.get(key) === claim) this.#running.delete(key);
    // Its lease may be over: what counts is whether somebody else has begun again.
    else if (this.#running.has(key)) return;
    this.#handled.add(key);
    if (this.#handled.size <= this.#maxKeys) return;
    // Always the same iterator: a new one would first step over the places of all that was forgotten lately.
    const { value } = this.#oldest.next();
    if (value !== undefined) this.#handled.delete(value);
  }

  release(claim: MemoryClaim): void {
    if (this.#running.get(claim.key) === claim) this.#running.delete(claim.key);
  }
}

class MemoryClaim {
  readonly state = 'taken';
  readonly #store: MemoryClaims;
  readonly key: string;
  /** When it is lost, on the monotonic clock in milliseconds. */
  readonly expires: number;

  constructor(store: MemoryClaims, key: string, expires: number) {
    this.#store = store;
    this.key = key;
    this.expires = expires;
  }

  done(): void {
    this.#store.done(this);
  }

  release(): void {
    this.#store.release(this);
  }
}
