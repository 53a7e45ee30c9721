import { createHmac } from 'node:crypto';
import { describe, expect, it, vi } from 'vitest';
import { WebhookError } from '../error.ts';
import type { Outcome } from '../handling/progress.ts';
import { createReceiver } from '../receiver.ts';
import { verifyDelivery, verifySignature } from '../verify.ts';
import { type GrantexOptions, grantex } from './grantex.ts';

type Scheme = NonNullable<GrantexOptions['signature']>;

// A delivery of the running service, byte for byte.
const secret = '3de79db03350b07281bdbcaf3630dfc01a1d99d0af1be252';
const time = 1_795_216_193;
const body = Buffer.from(
  '{"id":"evt_01M7XKHRANV087JT14TQYW5735","type":"token.issued","createdAt":"2026-11-20T23:09:31.349Z","data":{"tokenId":"tok_01M7XKHRAGKCEZMF186K6KEWMK","grantId":"grnt_01M7XKHRA0MY209HMV34RYRVN4","agentId":"ag_01M7XKHR8JQQGAAJ3F3Z109K82","principalId":"user_abc123","scopes":["calendar:read","payments:initiate:max_500"],"expiresAt":"2026-11-21T23:09:31.330Z"}}',
);
const v1 = 'sha256=a6d64f2ee4ee83bc86f0ccdb5d9e5cbfbc066c78c91f879d434425222588c4e4';
const v2 = 'sha256=f73c8f1521b082f65745d1d158014fa8c5de7e42333bd1d9558d52c78b475dbe';
const headers = {
  'content-type': 'application/json',
  'user-agent': 'Grantex-Webhooks/0.1',
  'x-grantex-signature': v1,
  'x-grantex-signature-v2': v2,
  'x-grantex-timestamp': String(time),
  'transfer-encoding': 'chunked',
};

type Headers = Record<string, string>;
const without = (...names: string[]): Headers =>
  Object.fromEntries(Object.entries(headers).filter(([name]) => !names.includes(name)));

async function outcomeOf(
  signature: Scheme,
  delivery: { headers?: Headers; body?: Uint8Array } = {},
  now = time * 1_000,
): Promise<Outcome> {
  const receiver = createReceiver({
    provider: grantex({ signature }),
    secret,
    now: () => now,
    on: { '*': () => {} },
  });
  return (await receiver.receive({ headers, body, ...delivery })).outcome;
}

describe('the captured delivery', () => {
  it.each<Scheme>(['v1', 'v2', 'auto'])('is genuine under %s', async (signature) => {
    expect(await outcomeOf(signature)).toBe('handled');
  });

  it('becomes a typed event', async () => {
    const event = await verifyDelivery(grantex(), { headers, body, secret, now: () => time * 1_000 });
    expect(event).toEqual({
      provider: 'grantex',
      id: 'evt_01M7XKHRANV087JT14TQYW5735',
      type: 'token.issued',
      timestamp: new Date('2026-11-20T23:09:31.349Z'),
      data: {
        tokenId: 'tok_01M7XKHRAGKCEZMF186K6KEWMK',
        grantId: 'grnt_01M7XKHRA0MY209HMV34RYRVN4',
        agentId: 'ag_01M7XKHR8JQQGAAJ3F3Z109K82',
        principalId: 'user_abc123',
        scopes: ['calendar:read', 'payments:initiate:max_500'],
        expiresAt: '2026-11-21T23:09:31.330Z',
      },
      envelope: JSON.parse(body.toString()),
    });
  });

  it('passes verifySignature, as it does in the provider’s own SDK', async () => {
    expect(await verifySignature(grantex(), { body, signature: v1, secret })).toBe(true);
    expect(await verifySignature(grantex(), { body: body.toString(), signature: v1, secret })).toBe(true);
    expect(await verifySignature(grantex(), { body, signature: v2, timestamp: String(time), secret })).toBe(true);
  });

  it('is not genuine under its secret read as hex', async () => {
    expect(await verifySignature(grantex(), { body, signature: v1, secret: Buffer.from(secret, 'hex') })).toBe(false);
  });
});

/** Every copy of bytes in which one bit is another. */
function* flips(bytes: Uint8Array): Generator<Uint8Array> {
  for (let bit = 0; bit < bytes.length * 8; bit++) {
    const copy = Uint8Array.from(bytes);
    copy[bit >> 3] = (copy[bit >> 3] ?? 0) ^ (1 << (bit & 7));
    yield copy;
  }
}

/** The same for a header. Some of the characters are not ASCII then. */
const flippedText = (text: string) =>
  [...flips(Buffer.from(text, 'latin1'))].map((bytes) => String.fromCharCode(...bytes));

/** Whether a signature differs from another in nothing but the case of its hex digits. */
function isSameNumber(signature: string, other: string): boolean {
  const prefix = 'sha256='.length;
  return signature.slice(0, prefix) === other.slice(0, prefix) && signature.toLowerCase() === other;
}

describe('flipping any single bit is refused:', { timeout: 60_000 }, () => {
  const schemes = [
    { signature: 'v1', header: 'x-grantex-signature', value: v1, timestamp: {} },
    { signature: 'v2', header: 'x-grantex-signature-v2', value: v2, timestamp: { timestamp: String(time) } },
    { signature: 'auto', header: 'x-grantex-signature-v2', value: v2, timestamp: { timestamp: String(time) } },
  ] as const;

  /** A receiver that counts, because one failed assertion of thousands is easier to read than thousands. */
  function counting(signature: Scheme) {
    const handler = vi.fn();
    const receiver = createReceiver({
      provider: grantex({ signature }),
      secret,
      dedupe: false,
      now: () => time * 1_000,
      on: { '*': handler },
    });
    return { receiver, handler };
  }

  it.each(schemes)('in the body, under $signature', async ({ signature, value, timestamp }) => {
    const { receiver, handler } = counting(signature);
    const outcomes = new Map<Outcome | boolean, number>();
    const count = (outcome: Outcome | boolean) => outcomes.set(outcome, (outcomes.get(outcome) ?? 0) + 1);
    for (const flipped of flips(body)) {
      count((await receiver.receive({ headers, body: flipped })).outcome);
      count(await verifySignature(grantex({ signature }), { body: flipped, signature: value, secret, ...timestamp }));
    }
    expect([...outcomes]).toEqual([
      ['signature_mismatch', body.length * 8],
      [false, body.length * 8],
    ]);
    expect(handler).not.toHaveBeenCalled();
  });

  it.each(schemes)('in the signature, under $signature', async ({ signature, header, value, timestamp }) => {
    const { receiver, handler } = counting(signature);
    const outcomes = new Set<Outcome | boolean>();
    for (const flipped of flippedText(value).filter((flipped) => !isSameNumber(flipped, value))) {
      outcomes.add((await receiver.receive({ headers: { ...headers, [header]: flipped }, body })).outcome);
      outcomes.add(await verifySignature(grantex({ signature }), { body, signature: flipped, secret, ...timestamp }));
    }
    expect([...outcomes].toSorted()).toEqual([false, 'malformed_signature', 'signature_mismatch']);
    expect(handler).not.toHaveBeenCalled();
  });

  it.each(schemes.slice(1))('in the timestamp, under $signature', async ({ signature, value }) => {
    const { receiver, handler } = counting(signature);
    const provider = grantex({ signature });
    const outcomes = new Set<Outcome | boolean>();
    for (const timestamp of flippedText(String(time))) {
      const changed = { ...headers, 'x-grantex-timestamp': timestamp };
      outcomes.add((await receiver.receive({ headers: changed, body })).outcome);
      outcomes.add(await verifySignature(provider, { body, signature: value, timestamp, secret }));
    }
    expect([...outcomes].toSorted()).toEqual([false, 'malformed_signature', 'signature_mismatch']);
    expect(handler).not.toHaveBeenCalled();
  });

  it.each(schemes)('but for the case of a hex digit, under $signature', async ({ signature, header, value }) => {
    const { receiver, handler } = counting(signature);
    const same = flippedText(value).filter((flipped) => isSameNumber(flipped, value));
    for (const flipped of same) {
      expect((await receiver.receive({ headers: { ...headers, [header]: flipped }, body })).outcome).toBe('handled');
    }
    expect(handler).toHaveBeenCalledTimes(value.slice('sha256='.length).match(/[a-f]/g)?.length ?? 0);
  });

  it('and verifyDelivery refuses alike', async () => {
    const otherSignatures = flippedText(v2).filter((flipped) => !isSameNumber(flipped, v2));
    const deliveries = [
      ...[...flips(body)].slice(0, 200).map((flipped) => ({ headers, body: flipped })),
      ...otherSignatures.map((flipped) => ({ headers: { ...headers, 'x-grantex-signature-v2': flipped }, body })),
      ...flippedText(String(time)).map((flipped) => ({
        headers: { ...headers, 'x-grantex-timestamp': flipped },
        body,
      })),
    ];
    const codes = new Set<string>();
    for (const delivery of deliveries) {
      const error = await verifyDelivery(grantex(), { ...delivery, secret, now: () => time * 1_000 }).catch(
        (thrown: unknown) => thrown,
      );
      codes.add(error instanceof WebhookError ? error.code : 'genuine');
    }
    expect([...codes].toSorted()).toEqual(['malformed_signature', 'signature_mismatch']);
  });
});

describe('under auto', () => {
  it('V2 is used wherever both signatures are there: a wrong one is not made good by the legacy one', async () => {
    const wrong = { ...headers, 'x-grantex-signature-v2': `sha256=${'0'.repeat(64)}` };
    expect(await outcomeOf('auto', { headers: wrong })).toBe('signature_mismatch');
    expect(await outcomeOf('auto', { headers: { ...headers, 'x-grantex-signature-v2': '' } })).toBe(
      'malformed_signature',
    );
  });

  it('a wrong legacy signature beside a genuine V2 is not looked at', async () => {
    expect(await outcomeOf('auto', { headers: { ...headers, 'x-grantex-signature': 'junk' } })).toBe('handled');
  });

  it('a stripped timestamp is missing_signature, and no reason to fall back', async () => {
    expect(await outcomeOf('auto', { headers: without('x-grantex-timestamp') })).toBe('missing_signature');
  });

  it('a stripped V2 signature is missing_signature, and no reason to fall back', async () => {
    expect(await outcomeOf('auto', { headers: without('x-grantex-signature-v2') })).toBe('missing_signature');
  });

  it('an old delivery is stale, and the legacy signature does not refresh it', async () => {
    expect(await outcomeOf('auto', {}, (time + 301) * 1_000)).toBe('stale_delivery');
  });

  it('the legacy signature is used where no V2 header is there', async () => {
    const legacy = without('x-grantex-signature-v2', 'x-grantex-timestamp');
    expect(await outcomeOf('auto', { headers: legacy })).toBe('handled');
    expect(await outcomeOf('auto', { headers: { ...legacy, 'x-grantex-signature': v2 } })).toBe('signature_mismatch');
    // What the documentation of `auto` says it does not protect from.
    expect(await outcomeOf('auto', { headers: legacy }, (time + 10_000_000) * 1_000)).toBe('handled');
  });

  it('is the default', async () => {
    expect(grantex().signature).toEqual(grantex({ signature: 'auto' }).signature);
    expect(grantex({ signature: undefined }).signature).toEqual(grantex().signature);
  });
});

describe('under v2', () => {
  it('the legacy signature alone is missing_signature', async () => {
    const legacy = without('x-grantex-signature-v2', 'x-grantex-timestamp');
    expect(await outcomeOf('v2', { headers: legacy })).toBe('missing_signature');
  });

  it('the legacy signature under the name of V2 is a mismatch', async () => {
    expect(await outcomeOf('v2', { headers: { ...headers, 'x-grantex-signature-v2': v1 } })).toBe('signature_mismatch');
  });
});

describe('under v1', () => {
  it('the V2 headers are not looked at', async () => {
    const legacy = { ...headers, 'x-grantex-signature-v2': 'junk', 'x-grantex-timestamp': 'junk' };
    expect(await outcomeOf('v1', { headers: legacy }, 0)).toBe('handled');
  });

  it('V2 alone is missing_signature', async () => {
    expect(await outcomeOf('v1', { headers: without('x-grantex-signature') })).toBe('missing_signature');
  });
});

/** Reads an event as if it had just been delivered. */
async function read(event: object | string) {
  const text = typeof event === 'string' ? event : JSON.stringify(event);
  const signature = `sha256=${createHmac('sha256', secret).update(text).digest('hex')}`;
  return verifyDelivery(grantex(), { headers: { 'x-grantex-signature': signature }, body: text, secret });
}

const grant = {
  grantId: 'grnt_01',
  agentId: 'ag_01',
  principalId: 'user-123',
  scopes: ['calendar:read'],
  expiresAt: '2026-03-26T12:00:00Z',
};
const envelope = { id: 'evt_01JXYZ', createdAt: '2026-02-26T12:00:00Z' };

describe('an event of Grantex', () => {
  it.each<[type: string, data: object]>([
    ['grant.created', grant],
    ['grant.created', { ...grant, parentGrantId: 'grnt_00', delegationDepth: 2 }],
    ['grant.created', { ...grant, parentGrantId: null, delegationDepth: null }],
    ['grant.created', { ...grant, scopes: [] }],
    ['grant.revoked', { grantId: 'grnt_01', cascade: true }],
    ['grant.revoked', { grantId: 'grnt_01', cascade: false }],
    ['token.issued', { tokenId: 'tok_01', ...grant }],
  ])('%s has its data as documented: %j', async (type, data) => {
    const event = await read({ ...envelope, type, data });
    expect(event).toMatchObject({ id: 'evt_01JXYZ', type, timestamp: new Date('2026-02-26T12:00:00Z') });
    expect(event.data).toEqual(data);
  });

  it('keeps fields that nobody knows yet', async () => {
    const data = { grantId: 'grnt_01', cascade: true, reason: 'user', actor: { id: 1 } };
    const event = await read({ ...envelope, type: 'grant.revoked', data, region: 'eu' });
    expect(event.data).toEqual(data);
    expect(event.envelope['region']).toBe('eu');
  });

  it.each([
    'budget.threshold',
    'budget.exhausted',
    'vc.issued',
    'passport.issued',
    'sso.login',
    'vault.credential.stored',
    'consent_bundle.created',
    'dpdp.consent.created',
    'anomaly.auto_revoked',
    'grant.renewed',
  ])('of the type %s, which it does not declare, is deliverable as it came', async (type) => {
    const data = { any: ['thing', 1, null] };
    expect(await read({ ...envelope, type, data })).toMatchObject({ type, data });
  });

  it('may hold emoji and U+2028 unescaped', async () => {
    const event = await read(`{"id":"evt_1","type":"sso.login","data":{"name":"Ada 👩‍🚀\u2028"}}`);
    expect(event.data).toEqual({ name: 'Ada 👩‍🚀\u2028' });
  });

  it.each<[type: string, data: unknown]>([
    ['grant.created', undefined],
    ['grant.created', { ...grant, scopes: 'calendar:read' }],
    ['grant.revoked', { grantId: 'grnt_01' }],
    ['grant.revoked', { grantId: 'grnt_01', cascade: 'true' }],
    ['token.issued', grant],
  ])('%s with data that does not fit is invalid_event: %j', async (type, data) => {
    await expect(read({ ...envelope, type, data })).rejects.toMatchObject({ code: 'invalid_event' });
  });

  it('waits ten seconds for the reply', () => {
    expect(grantex().timeoutMs).toBe(10_000);
  });
});

describe('a retry of Grantex', () => {
  it('is a duplicate: its id is the same, though its signature and time are new', async () => {
    let now = time;
    const handler = vi.fn();
    const receiver = createReceiver({
      provider: grantex({ signature: 'v2' }),
      secret,
      now: () => now * 1_000,
      on: { 'token.issued': handler },
    });
    const send = async () => {
      const signature = createHmac('sha256', secret).update(`${now}.`).update(body).digest('hex');
      const fresh = { 'x-grantex-signature-v2': `sha256=${signature}`, 'x-grantex-timestamp': String(now) };
      return (await receiver.receive({ headers: fresh, body })).outcome;
    };
    expect(await send()).toBe('handled');
    for (const pause of [30, 60, 120, 240]) {
      now += pause;
      expect(await send()).toBe('duplicate');
    }
    expect(handler).toHaveBeenCalledOnce();
  });
});
