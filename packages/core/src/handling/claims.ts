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
 * Remembers which events were handled, for the `dedupe` option. The in-process store (`memoryClaims`) serves one
 * process; give a store of your own to share claims between several.
 */
export interface ClaimStore {
  /**
   * Takes a key, atomically. A claim that is neither done nor released within `leaseMs` milliseconds is lost, because
   * its holder must have died; what the late holder then says of it changes nothing for the next one.
   */
  claim(key: string, leaseMs: number): Awaitable<Claim>;
}
