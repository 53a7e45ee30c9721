import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { WebhookError } from '../error.ts';
import type { Claim, ClaimStore } from './claims.ts';
import { memoryClaims } from './memory-claims.ts';

const lease = 1_000;

async function take(claims: ClaimStore, key: string, leaseMs = lease): Promise<Claim & { state: 'taken' }> {
  const claim = await claims.claim(key, leaseMs);
  if (claim.state !== 'taken') throw new Error(`${key} is ${claim.state}`);
  return claim;
}

async function stateOf(claims: ClaimStore, key: string): Promise<Claim['state']> {
  return (await claims.claim(key, lease)).state;
}

describe('claims in memory', () => {
  // Leases are measured on the monotonic clock; the test turns it by hand.
  beforeEach(() => void vi.useFakeTimers({ toFake: ['performance'] }));
  afterEach(() => void vi.useRealTimers());

  it('gives a key to the first who asks, and busy to everyone else', async () => {
    const claims = memoryClaims();
    expect(await stateOf(claims, 'a')).toBe('taken');
    expect(await stateOf(claims, 'a')).toBe('busy');
    expect(await stateOf(claims, 'b')).toBe('taken');
  });

  it('remembers what is done, longer than any lease', async () => {
    const claims = memoryClaims();
    await (await take(claims, 'a')).done();
    vi.advanceTimersByTime(lease * 1_000_000);
    expect(await stateOf(claims, 'a')).toBe('done');
  });

  it('gives a released key to the next', async () => {
    const claims = memoryClaims();
    await (await take(claims, 'a')).release();
    expect(await stateOf(claims, 'a')).toBe('taken');
  });

  it('is lost when the lease ends, and not a moment before', async () => {
    const claims = memoryClaims();
    await take(claims, 'a');
    vi.advanceTimersByTime(lease - 1);
    expect(await stateOf(claims, 'a')).toBe('busy');
    vi.advanceTimersByTime(1);
    expect(await stateOf(claims, 'a')).toBe('taken');
  });

  it('starts a lease of its own for the next holder', async () => {
    const claims = memoryClaims();
    await take(claims, 'a');
    vi.advanceTimersByTime(lease);
    await take(claims, 'a');
    vi.advanceTimersByTime(lease - 1);
    expect(await stateOf(claims, 'a')).toBe('busy');
  });

  it('lets a late holder release nothing that someone else holds', async () => {
    const claims = memoryClaims();
    const late = await take(claims, 'a');
    vi.advanceTimersByTime(lease);
    await take(claims, 'a');
    await late.release();
    expect(await stateOf(claims, 'a')).toBe('busy');
  });

  it('lets a late holder call nothing done that someone else holds', async () => {
    const claims = memoryClaims();
    const late = await take(claims, 'a');
    vi.advanceTimersByTime(lease);
    const current = await take(claims, 'a');
    await late.done();
    expect(await stateOf(claims, 'a')).toBe('busy');
    await current.release();
    expect(await stateOf(claims, 'a')).toBe('taken');
  });

  it('believes a late holder whom nobody replaced', async () => {
    const claims = memoryClaims();
    const late = await take(claims, 'a');
    vi.advanceTimersByTime(lease);
    await late.done();
    expect(await stateOf(claims, 'a')).toBe('done');
  });

  it('forgets the oldest handled keys first, and holds no more than maxKeys', async () => {
    const claims = memoryClaims({ maxKeys: 3 });
    for (const key of ['a', 'b', 'c', 'd']) await (await take(claims, key)).done();
    expect(await stateOf(claims, 'b')).toBe('done');
    expect(await stateOf(claims, 'c')).toBe('done');
    expect(await stateOf(claims, 'd')).toBe('done');
    expect(await stateOf(claims, 'a')).toBe('taken');
  });

  it('forgets only as many as it must', async () => {
    const claims = memoryClaims({ maxKeys: 2 });
    await (await take(claims, 'a')).done();
    await (await take(claims, 'b')).done();
    await (await take(claims, 'c')).done();
    expect(await stateOf(claims, 'b')).toBe('done');
    expect(await stateOf(claims, 'c')).toBe('done');
  });

  it('never forgets what is being handled, even above maxKeys', async () => {
    const claims = memoryClaims({ maxKeys: 2 });
    for (const key of ['a', 'b', 'c']) await take(claims, key);
    expect(await stateOf(claims, 'a')).toBe('busy');
    expect(await stateOf(claims, 'b')).toBe('busy');
    expect(await stateOf(claims, 'c')).toBe('busy');
  });

  it('never forgets what is being handled, however many others are done', async () => {
    const claims = memoryClaims({ maxKeys: 1 });
    await take(claims, 'running');
    await (await take(claims, 'first')).done();
    await (await take(claims, 'second')).done();
    expect(await stateOf(claims, 'running')).toBe('busy');
    expect(await stateOf(claims, 'second')).toBe('done');
    expect(await stateOf(claims, 'first')).toBe('taken');
  });

  it('believes a holder whose lease is over, as long as nobody has begun again', async () => {
    const claims = memoryClaims();
    const late = await take(claims, 'late');
    vi.advanceTimersByTime(lease);
    expect(await stateOf(claims, 'other')).toBe('taken');
    await late.done();
    expect(await stateOf(claims, 'late')).toBe('done');
  });

  it('remembers 10,000 keys unless told otherwise', async () => {
    const claims = memoryClaims();
    for (let index = 0; index < 10_001; index++) await (await take(claims, String(index))).done();
    expect(await stateOf(claims, '1')).toBe('done');
    expect(await stateOf(claims, '10000')).toBe('done');
    expect(await stateOf(claims, '0')).toBe('taken');
  });

  it('takes keys that look like properties of an object', async () => {
    const claims = memoryClaims();
    for (const key of ['__proto__', 'constructor', 'toString', '']) {
      expect(await stateOf(claims, key)).toBe('taken');
      expect(await stateOf(claims, key)).toBe('busy');
    }
  });

  it.each([0, -1, 1.5, Number.NaN, Number.POSITIVE_INFINITY])('refuses maxKeys: %s', (maxKeys) => {
    expect(() => memoryClaims({ maxKeys })).toThrow(WebhookError);
    expect(() => memoryClaims({ maxKeys })).toThrow(
      expect.objectContaining({ code: 'invalid_options', message: expect.stringMatching(/^maxKeys must be/) }),
    );
  });
});

type Taken = Claim & { readonly state: 'taken' };

interface Entry {
  readonly taken: Taken;
  readonly expires: number;
  isDone: boolean;
}

/** The same in a Map, which keeps the order, and is slow to forget. */
class Model {
  readonly #entries = new Map<string, Entry>();
  readonly #maxKeys: number;

  constructor(maxKeys: number) {
    this.#maxKeys = maxKeys;
  }

  /** What a claim of the key must say. */
  stateOf(key: string, now: number): 'done' | 'busy' | 'taken' {
    const entry = this.#entries.get(key);
    if (entry?.isDone === true) return 'done';
    return entry !== undefined && entry.expires > now ? 'busy' : 'taken';
  }

  taken(key: string, entry: Entry, now: number): void {
    this.#entries.delete(key);
    this.#entries.set(key, entry);
    if (this.#entries.size <= this.#maxKeys) return;
    for (let looks = 0; looks < 8; looks++) {
      for (const [oldest, held] of this.#entries) {
        this.#entries.delete(oldest);
        if (held.isDone || held.expires <= now) return;
        this.#entries.set(oldest, held);
        break;
      }
    }
  }

  done(key: string, entry: Entry): void {
    const current = this.#entries.get(key);
    if (current !== undefined && current !== entry) return;
    entry.isDone = true;
    this.#entries.set(key, entry);
  }

  release(key: string, entry: Entry): void {
    if (!entry.isDone && this.#entries.get(key) === entry) this.#entries.delete(key);
  }
}

/** Numbers below `most`, the same in each run. */
function numbers(seed: number): (most: number) => number {
  let state = seed;
  return (most) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) | 0;
    return (state >>> 8) % most;
  };
}

describe('the hash table of claims', () => {
  beforeEach(() => void vi.useFakeTimers({ toFake: ['performance'] }));
  afterEach(() => void vi.useRealTimers());

  it.each([
    [1, 4],
    [3, 8],
    [16, 40],
    [50, 60],
    [50, 400],
    [500, 5_000],
  ])('says what a Map with %i keys would say, for %i different ones', async (maxKeys, keys) => {
    for (const seed of [1, 2, 3, 4]) {
      const next = numbers(seed);
      const claims = memoryClaims({ maxKeys });
      const model = new Model(maxKeys);
      const held: [key: string, entry: Entry][] = [];
      for (let step = 0; step < 4_000; step++) {
        const act = next(10);
        if (act < 6) {
          const key = `key:${next(keys)}`;
          const leaseMs = 1 + next(200);
          const now = performance.now();
          const expected = model.stateOf(key, now);
          const claim = await claims.claim(key, leaseMs);
          if (claim.state !== expected) expect.fail(`${key} is ${claim.state}, not ${expected}`);
          if (claim.state !== 'taken') continue;
          const entry: Entry = { taken: claim, expires: now + leaseMs, isDone: false };
          model.taken(key, entry, now);
          held.push([key, entry]);
        } else if (act < 9) {
          const [ended] = held.splice(next(held.length + 1), 1);
          if (ended === undefined) continue;
          const [key, entry] = ended;
          // More are done than released, and some holders say it twice.
          for (let times = 1 + next(2); times > 0; times--) {
            if (act < 8) {
              model.done(key, entry);
              await entry.taken.done();
            } else {
              model.release(key, entry);
              await entry.taken.release();
            }
          }
        } else {
          vi.advanceTimersByTime(next(100));
        }
      }
      for (let key = 0; key < keys; key++) {
        const expected = model.stateOf(`key:${key}`, performance.now());
        // Whoever is asked for a free key takes it, and that changes what is remembered.
        if (expected === 'done') expect(await stateOf(claims, `key:${key}`)).toBe('done');
      }
    }
  });

  it('tells keys apart that differ anywhere, and not by their hash alone', async () => {
    const claims = memoryClaims({ maxKeys: 20_000 });
    for (let index = 0; index < 20_000; index++) {
      const claim = await claims.claim(`evt_${index.toString(36)}`, 1_000);
      if (claim.state !== 'taken') expect.fail(`evt_${index.toString(36)} is ${claim.state}`);
      await claim.done();
    }
    for (let index = 0; index < 20_000; index++) {
      if ((await claims.claim(`evt_${index.toString(36)}`, 1_000)).state !== 'done')
        expect.fail(`evt_${index.toString(36)}`);
    }
  });

  it('keeps all that is held, however many there are', async () => {
    const claims = memoryClaims({ maxKeys: 10 });
    const taken: Taken[] = [];
    for (let index = 0; index < 5_000; index++) taken.push(await take(claims, `held:${index}`));
    for (let index = 0; index < 5_000; index++) expect(await stateOf(claims, `held:${index}`)).toBe('busy');
    for (const claim of taken) await claim.done();
    expect(await stateOf(claims, 'held:4999')).toBe('done');
  });
});
