import { createHmac } from 'node:crypto';
import { createReceiver, grantex, type Secret, standardWebhooks, WebhookError } from '@hookproof/core';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { now } from './schemes.ts';

const key = Buffer.alloc(32, 5);
const body = '{"type":"a","data":{}}';

/** A receiver of Standard Webhooks that tells whether it asked for its secret. */
function standardReceiver() {
  const asked: string[] = [];
  const handled: string[] = [];
  const receiver = createReceiver({
    provider: standardWebhooks(),
    secret: () => {
      asked.push('secret');
      return key;
    },
    now: () => now * 1_000,
    dedupe: false,
    on: { '*': ({ id }) => void handled.push(id ?? '') },
    onOutcome: () => {},
  });
  return { receiver, asked, handled };
}

/** Headers that are signed well, whatever the id and the timestamp are. */
function signedHeaders(id: string, timestamp: string) {
  const mac = createHmac('sha256', key).update(`${id}.${timestamp}.${body}`).digest('base64');
  return { 'webhook-id': id, 'webhook-timestamp': timestamp, 'webhook-signature': `v1,${mac}` };
}

describe('what Standard Webhooks signs with the body', () => {
  it('is refused before any key is used, unless id and timestamp are what the specification allows', async () => {
    const { receiver, asked, handled } = standardReceiver();
    const strange = fc.oneof(
      fc.string({ unit: 'binary', maxLength: 8 }),
      fc.stringMatching(/^[\w.]{0,6}$/),
      fc.constantFrom('msg.1', ' msg_1', 'msg_1\n', '١٧٩٥', `${now}.0`, `+${now}`, '1e9', '-1', 'm'.repeat(257), ''),
    );
    const anyId = fc.oneof(fc.constant('msg_1'), strange);
    const anyTime = fc.oneof(fc.constant(String(now)), strange);
    const seen = { refused: 0, handled: 0 };
    await fc.assert(
      fc.asyncProperty(anyId, anyTime, async (id, timestamp) => {
        const good = /^[!-\-/-~]{1,256}$/.test(id) && /^[0-9]{1,12}$/.test(timestamp);
        const { outcome } = await receiver.receive({ headers: signedHeaders(id, timestamp), body });
        const askedFor = asked.splice(0).length;
        if (!good) expect([outcome, askedFor]).toEqual(['malformed_signature', 0]);
        else if (Math.abs(Number(timestamp) - now) > 300) expect([outcome, askedFor]).toEqual(['stale_delivery', 1]);
        else expect([outcome, askedFor, handled.splice(0)]).toEqual(['handled', 1, [id]]);
        seen[good ? 'handled' : 'refused']++;
      }),
      { numRuns: 3_000 },
    );
    expect(handled).toEqual([]);
    expect(seen.refused).toBeGreaterThan(300);
    expect(seen.handled).toBeGreaterThan(300);
  });
});

describe('a key of Standard Webhooks', () => {
  const provider = standardWebhooks();
  const make = (secret: Secret | readonly Secret[]) => createReceiver({ provider, secret, on: {} });
  const anyKey = fc.integer({ min: 0, max: 48 }).map((length) => new Uint8Array(length).fill(7));
  const spellings = (bytes: Uint8Array): (Secret | readonly Secret[])[] => {
    const text = Buffer.from(bytes).toString('base64');
    return [bytes, `whsec_${text}`, text, [key, bytes], [`whsec_${text}`, key]];
  };

  it('that has fewer than 24 bytes is refused, however it is given', () => {
    fc.assert(
      fc.property(anyKey, (bytes) => {
        for (const secret of spellings(bytes)) {
          if (bytes.length >= 24) make(secret);
          else expect(() => make(secret)).toThrow(WebhookError);
        }
      }),
    );
  });

  it('that has fewer than 24 bytes is refused when a function returns it', async () => {
    await fc.assert(
      fc.asyncProperty(anyKey, async (bytes) => {
        const receiver = createReceiver({ provider, secret: () => bytes, on: {}, onOutcome: () => {} });
        const { outcome } = await receiver.receive({ headers: signedHeaders('msg_1', String(now)), body });
        expect(outcome === 'secret_unavailable').toBe(bytes.length < 24);
      }),
    );
  });
});

describe('one secret under two templates, as Grantex uses it', () => {
  it('never makes an event of what was signed by the other template', async () => {
    const secret = 'a secret for both';
    const handled: string[] = [];
    const on = { '*': ({ type }: { type: string }) => void handled.push(type) };
    const receiver = createReceiver({ provider: grantex(), secret, on, now: () => now * 1_000, onOutcome: () => {} });
    const event = fc.record({ id: fc.string(), type: fc.string({ minLength: 1 }), data: fc.jsonValue() });
    await fc.assert(
      fc.asyncProperty(event, fc.integer({ min: 0, max: 2 * now }), async (value, timestamp) => {
        // The same bytes are signed by V2 as a time and a body, and by the legacy signature as a body.
        const whole = `${timestamp}.${JSON.stringify(value)}`;
        const signature = `sha256=${createHmac('sha256', secret).update(whole).digest('hex')}`;
        const reply = await receiver.receive({ headers: { 'x-grantex-signature': signature }, body: whole });
        expect(reply.outcome).toBe('invalid_body');
      }),
    );
    expect(handled).toEqual([]);
  });
});
