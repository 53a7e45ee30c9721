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
  const { maxKeys = 10_000 } = checkNames('memoryClaims', options, { maxKeys: true });
  if (!Number.isSafeInteger(maxKeys) || maxKeys < 1)
    throw invalid('maxKeys must be a whole number of keys, at least 1');
  return new MemoryClaims(maxKeys);
}

class MemoryClaims implements ClaimStore {
  readonly #maxKeys: number;
  /** Whoever holds or handled a key, in the order in which they took it. */
  readonly #claims = new Map<string, MemoryClaim>();
  // Always the same iterator: a new one would first step over the places of all that was forgotten lately.
  readonly #oldest = this.#claims.values();

  constructor(maxKeys: number) {
    this.#maxKeys = maxKeys;
  }

  claim(key: string, leaseMs: number): Claim {
    const current = this.#claims.get(key);
    const now = performance.now();
    if (current !== undefined) {
      if (current.isDone) return { state: 'done' };
      if (current.expires > now) return { state: 'busy' };
      this.#claims.delete(key);
    }
    const mine = new MemoryClaim(this, key, now + leaseMs);
    this.#claims.set(key, mine);
    if (this.#claims.size > this.#maxKeys) this.#forget(now);
    return mine;
  }

  /** Forgets the oldest that is handled, or whose holder must have died. Those that are held go to the end. */
  #forget(now: number): void {
    for (let looks = 0; looks < maxLooks; looks++) {
      const { value: claim } = this.#oldest.next();
      if (claim === undefined) return;
      this.#claims.delete(claim.key);
      if (claim.isDone || claim.expires <= now) return;
      this.#claims.set(claim.key, claim);
    }
  }

  done(claim: MemoryClaim): void {
    const current = this.#claims.get(claim.key);
    // Its lease may be over: what counts is whether somebody else has begun again.
    if (current !== undefined && current !== claim) return;
    claim.isDone = true;
    if (current === undefined) this.#claims.set(claim.key, claim);
  }

  release(claim: MemoryClaim): void {
    if (!claim.isDone && this.#claims.get(claim.key) === claim) this.#claims.delete(claim.key);
  }
}

/** Of how many claims it is asked whether they are still held before a new one is simply one more. */
const maxLooks = 8;

class MemoryClaim {
  readonly state = 'taken';
  readonly #store: MemoryClaims;
  readonly key: string;
  /** When it is lost, on the monotonic clock in milliseconds. */
  readonly expires: number;
  isDone = false;

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
