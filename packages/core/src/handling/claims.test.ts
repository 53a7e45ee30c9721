import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { WebhookError } from '../error.ts';
import { type Claim, type ClaimStore, memoryClaims } from './claims.ts';

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
