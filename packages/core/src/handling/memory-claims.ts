import { invalid } from '../error.ts';
import { checkNames } from '../option-names.ts';
import type { Claim, ClaimStore } from './claims.ts';

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

/**
 * A hash table of its own: a Map from which the oldest is deleted for each that is added builds its table anew all the
 * time, and that takes longer than the rest of a claim.
 *
 * The entries stand in a ring, in the order in which their keys were taken; slots tell where in the ring the keys of a hash
 * stand.
 */
class MemoryClaims implements ClaimStore {
  readonly #maxKeys: number;
  /** Whoever holds a key, or a key that is handled. One that was released, or taken anew, leaves a hole. */
  #entries: (MemoryClaim | string | undefined)[] = [];
  #hashes = new Int32Array(0);
  /** 0, or one more than a place: from the slot on that the hash names, up to the first that is 0. */
  #slots = new Int32Array(0);
  // Both only grow. There are a power of two of places, so that their last bits are one.
  #oldest = 0;
  #next = 0;
  #size = 0;

  constructor(maxKeys: number) {
    this.#maxKeys = maxKeys;
    this.#arrange(leastPlaces);
  }

  claim(key: string, leaseMs: number): Claim {
    const hash = hashOf(key);
    const place = this.#find(key, hash);
    const entry = this.#entries[place];
    if (typeof entry === 'string') return { state: 'done' };
    const now = performance.now();
    if (entry !== undefined) {
      if (entry.expires > now) return { state: 'busy' };
      this.#remove(place);
    }
    const mine = new MemoryClaim(this, key, now + leaseMs);
    this.#add(mine, hash);
    if (this.#size > this.#maxKeys) this.#forget(now);
    return mine;
  }

  done(claim: MemoryClaim): void {
    const { place, key } = claim;
    if (this.#entries[place] === claim) {
      this.#entries[place] = key;
      return;
    }
    // Its lease may be over: what counts is whether somebody else has begun again.
    const hash = hashOf(key);
    if (this.#find(key, hash) === -1) this.#add(key, hash);
  }

  release(claim: MemoryClaim): void {
    if (this.#entries[claim.place] === claim) this.#remove(claim.place);
  }

  /** Forgets the oldest that is handled, or whose holder must have died. Those that are held go to the end. */
  #forget(now: number): void {
    for (let looks = 0; looks < maxLooks; looks++) {
      const place = this.#placeOf(this.#oldest);
      const entry = this.#entries[place];
      if (entry === undefined) return;
      this.#remove(place);
      if (typeof entry === 'string' || entry.expires <= now) return;
      this.#add(entry, this.#hashes[place] ?? 0);
    }
  }

  /** The place of a key, or -1. */
  #find(key: string, hash: number): number {
    for (let slot = hash; ; slot++) {
      const place = this.#placeIn(slot);
      if (place === -1 || (this.#hashes[place] === hash && keyOf(this.#entries[place]) === key)) return place;
    }
  }

  #add(entry: MemoryClaim | string, hash: number): void {
    const places = this.#entries.length;
    if (this.#next - this.#oldest === places) this.#arrange(this.#size * 2 > places ? places * 2 : places);
    const place = this.#placeOf(this.#next++);
    this.#size++;
    this.#entries[place] = entry;
    this.#hashes[place] = hash;
    if (typeof entry !== 'string') entry.place = place;
    let slot = hash;
    while (this.#placeIn(slot) !== -1) slot++;
    this.#fill(slot, place);
  }

  #remove(place: number): void {
    let free = this.#hashes[place] ?? 0;
    while (this.#placeIn(free) !== place) free++;
    this.#fill(free, -1);
    // Whoever is searched for through the slot that is free now moves into it.
    for (let slot = free + 1; this.#placeIn(slot) !== -1; slot++) {
      const moved = this.#placeIn(slot);
      const last = this.#slots.length - 1;
      if (((slot - (this.#hashes[moved] ?? 0)) & last) < slot - free) continue;
      this.#fill(free, moved);
      this.#fill(slot, -1);
      free = slot;
    }
    this.#entries[place] = undefined;
    this.#size--;
    while (this.#oldest < this.#next && this.#entries[this.#placeOf(this.#oldest)] === undefined) this.#oldest++;
  }

  #placeOf(count: number): number {
    return count & (this.#entries.length - 1);
  }

  /** What a slot tells; -1 where it tells nothing. */
  #placeIn(slot: number): number {
    return (this.#slots[slot & (this.#slots.length - 1)] ?? 0) - 1;
  }

  #fill(slot: number, place: number): void {
    this.#slots[slot & (this.#slots.length - 1)] = place + 1;
  }

  /** Makes so many places, and has the entries stand in them without holes. */
  #arrange(places: number): void {
    const [entries, hashes, next] = [this.#entries, this.#hashes, this.#next];
    let entry = this.#oldest;
    this.#entries = new Array<undefined>(places).fill(undefined);
    this.#hashes = new Int32Array(places);
    // At least half of them stay 0, which keeps searches short.
    this.#slots = new Int32Array(places * 2);
    this.#oldest = this.#next = this.#size = 0;
    for (; entry < next; entry++) {
      const place = entry & (entries.length - 1);
      const kept = entries[place];
      if (kept !== undefined) this.#add(kept, hashes[place] ?? 0);
    }
  }
}

const leastPlaces = 16;

/** Of how many claims it is asked whether they are still held before a new one is simply one more. */
const maxLooks = 8;

/** Nobody outside knows it, so that nobody can choose keys that all have one hash. */
const seed = (Math.random() * 2 ** 32) | 0;

function hashOf(key: string): number {
  let hash = seed;
  for (let index = 0; index < key.length; index++) {
    hash = Math.imul(hash ^ key.charCodeAt(index), 0x5bd1e995);
    hash ^= hash >>> 15;
  }
  return hash;
}

function keyOf(entry: MemoryClaim | string | undefined): string | undefined {
  return typeof entry === 'object' ? entry.key : entry;
}

class MemoryClaim {
  readonly state = 'taken';
  readonly key: string;
  /** When it is lost, on the monotonic clock in milliseconds. */
  readonly expires: number;
  /** Where the store has it, as long as it is there. */
  place = -1;
  readonly #store: MemoryClaims;

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
