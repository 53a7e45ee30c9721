import { createHmac } from 'node:crypto';
import { describe, expect, it, vi } from 'vitest';
import type { Outcome } from '../handling/progress.ts';
import { defineProvider, type Provider } from '../provider.ts';
import { grantex } from '../providers/grantex.ts';
import { grantiva } from '../providers/grantiva.ts';
import { standardWebhooks } from '../providers/standard-webhooks.ts';
import { createReceiver } from '../receiver.ts';
import { signBody } from './sign.ts';

const secret = Buffer.alloc(32, 5).toString('base64');
const signedAt = 1_795_216_193;
const event = (createdAt: string) =>
  JSON.stringify({ id: 'evt_1', type: 'grant.revoked', createdAt, data: { grantId: 'grnt_1', cascade: false } });

interface Case {
  readonly provider?: Provider;
  readonly toleranceSeconds?: number;
  readonly now: number;
  readonly createdAt?: string;
  readonly signingSecret?: string;
}

async function outcomeOf(test: Case): Promise<Outcome> {
  const provider = test.provider ?? grantex();
  const body = event(test.createdAt ?? '2026-11-20T23:09:31.349Z');
  const signed = { body, secret: test.signingSecret ?? secret, id: 'evt_1', timestamp: signedAt };
  const { toleranceSeconds } = test;
  const on = { '*': () => {} };
  const receiver = createReceiver({ provider, secret, toleranceSeconds, now: () => test.now, on });
  return (await receiver.receive({ headers: await signBody(provider, signed), body })).outcome;
}

describe.each([
  ['Grantex V2', grantex()],
  ['Standard Webhooks', standardWebhooks()],
])('the signed time of %s', (_name, provider) => {
  const outcome = (seconds: number, toleranceSeconds?: number) =>
    outcomeOf({ provider, now: (signedAt + seconds) * 1_000, ...(toleranceSeconds && { toleranceSeconds }) });

  it('may be 300 seconds away in either direction, and not a millisecond more', async () => {
    expect(await outcome(300)).toBe('handled');
    expect(await outcome(-300)).toBe('handled');
    expect(await outcome(300.001)).toBe('stale_delivery');
    expect(await outcome(-300.001)).toBe('stale_delivery');
  });

  it('may be as far away as toleranceSeconds says', async () => {
    expect(await outcome(10, 10)).toBe('handled');
    expect(await outcome(-10, 10)).toBe('handled');
    expect(await outcome(10.001, 10)).toBe('stale_delivery');
    expect(await outcome(-10.001, 10)).toBe('stale_delivery');
    expect(await outcome(3_600, 3_600)).toBe('handled');
  });
});

describe('freshness', () => {
  it('is judged by the header and never by createdAt: a retry carries an old event', async () => {
    const now = signedAt * 1_000;
    expect(await outcomeOf({ now, createdAt: '2020-01-01T00:00:00Z' })).toBe('handled');
    expect(await outcomeOf({ now, createdAt: '2099-01-01T00:00:00Z' })).toBe('handled');
  });

  it('is not granted by a fresh createdAt', async () => {
    const now = (signedAt + 301) * 1_000;
    expect(await outcomeOf({ now, createdAt: new Date(now).toISOString() })).toBe('stale_delivery');
  });

  it('is judged after the signature: a forgery learns nothing about the clock', async () => {
    const forged = { signingSecret: Buffer.alloc(32, 6).toString('base64') };
    expect(await outcomeOf({ now: (signedAt + 10_000) * 1_000, ...forged })).toBe('signature_mismatch');
    expect(await outcomeOf({ now: signedAt * 1_000, ...forged })).toBe('signature_mismatch');
  });

  it('is not asked of a scheme that signs no time', async () => {
    expect(await outcomeOf({ provider: grantex({ signature: 'v1' }), now: 0 })).toBe('handled');
    const body = '{"event":"webhook.test","data":{}}';
    const headers = { 'x-grantiva-signature': `sha256=${createHmac('sha256', secret).update(body).digest('hex')}` };
    const receiver = createReceiver({ provider: grantiva(), secret, now: () => 0, on: { '*': () => {} } });
    expect((await receiver.receive({ headers, body })).outcome).toBe('handled');
  });

  it('is refused under a clock that is broken', async () => {
    expect(await outcomeOf({ now: Number.NaN })).toBe('stale_delivery');
  });

  it('is judged by the clock of the machine where none is given', async () => {
    const body = event('2026-11-20T23:09:31.349Z');
    const headers = await signBody(grantex(), { body, secret, id: '', timestamp: signedAt });
    const outcomeAt = async (seconds: number) => {
      vi.setSystemTime(seconds * 1_000);
      const receiver = createReceiver({ provider: grantex(), secret, on: { '*': () => {} } });
      return (await receiver.receive({ headers, body })).outcome;
    };
    try {
      expect(await outcomeAt(signedAt - 301)).toBe('stale_delivery');
      expect(await outcomeAt(signedAt - 299)).toBe('handled');
    } finally {
      vi.useRealTimers();
    }
  });

  it('has the tolerance that the scheme says, unless the option says another', async () => {
    const provider = defineProvider({
      name: 'strict',
      signature: {
        header: 'x-signature',
        encoding: 'hex',
        signs: '{timestamp}:{body}',
        timestamp: { header: 'x-timestamp', toleranceSeconds: 30 },
      },
      envelope: { id: 'id', type: 'type', data: 'data' },
    });
    const at = (seconds: number) => ({ provider, now: (signedAt + seconds) * 1_000 });
    expect(await outcomeOf(at(30))).toBe('handled');
    expect(await outcomeOf(at(31))).toBe('stale_delivery');
    expect(await outcomeOf({ ...at(31), toleranceSeconds: 60 })).toBe('handled');
  });

  it('says by how much it failed, and in which direction', async () => {
    const body = event('2026-11-20T23:09:31.349Z');
    const headers = await signBody(grantex(), { body, secret, id: '', timestamp: signedAt });
    const messages: (string | undefined)[] = [];
    for (const seconds of [4_000, -5_000]) {
      const receiver = createReceiver({
        provider: grantex(),
        secret,
        now: () => (signedAt + seconds) * 1_000,
        on: {},
        onOutcome: ({ error }) => messages.push(error?.message),
      });
      await receiver.receive({ headers, body });
    }
    expect(messages).toEqual([
      expect.stringContaining('4000 seconds ago, more than toleranceSeconds (300)'),
      expect.stringContaining('5000 seconds in the future, more than toleranceSeconds (300)'),
    ]);
  });
});
