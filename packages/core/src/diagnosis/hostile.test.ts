import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { signBody } from '../proof/sign.ts';
import { defineProvider, type Provider } from '../provider.ts';
import { grantex } from '../providers/grantex.ts';
import { grantiva } from '../providers/grantiva.ts';
import { gravv } from '../providers/gravv.ts';
import { standardWebhooks } from '../providers/standard-webhooks.ts';
import { createReceiver } from '../receiver.ts';
import { diagnoseDelivery } from '../verify.ts';

const stripeLike = defineProvider({
  name: 'acme',
  signature: {
    header: 'acme-signature',
    encoding: 'hex',
    prefix: 'v1=',
    separator: ',',
    signs: '{timestamp}.{body}',
    timestamp: { header: 'acme-signature', prefix: 't=' },
  },
  envelope: { type: 'type', data: 'data' },
});

const providers: readonly Provider[] = [
  grantex(),
  grantex({ signature: 'v1' }),
  grantex({ signature: 'v2' }),
  grantiva(),
  gravv(),
  standardWebhooks(),
  stripeLike,
];

// Others of the process, for the search among them.
for (const provider of providers) {
  const secret = `whsec_${btoa(`of another receiver, ${provider.name}`)}`;
  createReceiver({ provider, secret, on: {} });
}

const name = fc.oneof(
  fc.constantFrom(
    ...['x-grantex-signature-v2', 'x-grantex-signature', 'x-grantex-timestamp', 'x-grantiva-signature'],
    ...['x-gravv-signature', 'x-signature', 'webhook-id', 'webhook-timestamp', 'webhook-signature', 'svix-signature'],
    ...['acme-signature', 'stripe-signature', 'content-length', '__proto__', 'constructor'],
  ),
  fc.string({ unit: 'binary', maxLength: 80 }),
);

const digest = fc.oneof(
  fc.uint8Array({ maxLength: 70 }).map((bytes) => Buffer.from(bytes).toString('hex')),
  fc.uint8Array({ maxLength: 70 }).map((bytes) => Buffer.from(bytes).toString('base64')),
  fc.uint8Array({ minLength: 32, maxLength: 32 }).map((bytes) => Buffer.from(bytes).toString('hex')),
);

const value = fc.oneof(
  fc.string({ unit: 'binary' }),
  digest,
  fc
    .tuple(fc.constantFrom('sha256=', 'SHA256=', 'sha256=sha256=', 'v1,', 'v1=', 't=1,v1=', '"', ', '), digest)
    .map(([a, b]) => a + b),
  fc.constantFrom('1795216193', '1795216193000', '-1', '1e9', '999999999999', 't=', 'msg_1', 'a.b', ''),
);

const body = fc.oneof(
  fc.uint8Array({ maxLength: 500 }),
  fc.json().map((text) => Buffer.from(text)),
  fc.string({ unit: 'binary' }).map((text) => Buffer.from(text)),
  fc.uint8Array().map((bytes) => Buffer.concat([Buffer.from([0x1f, 0x8b]), bytes])),
  fc.constantFrom('%', '%ff', '"', '"\\ud800"', '\ufeff', '=', '[[[', 'AAAA').map((text) => Buffer.from(text)),
);

const secret = fc.oneof(
  fc.uint8Array({ minLength: 24, maxLength: 64 }),
  fc.uint8Array({ minLength: 24, maxLength: 64 }).map((bytes) => `whsec_${Buffer.from(bytes).toString('base64')}`),
  fc.string({ unit: 'binary', minLength: 24 }).map((text) => Buffer.from(text)),
);

const delivery = fc.record({
  provider: fc.constantFrom(...providers),
  headers: fc.array(fc.tuple(name, value), { maxLength: 12 }),
  body,
  secret: fc.oneof(secret, fc.array(secret, { minLength: 1, maxLength: 6 })),
});

describe('whatever is delivered', () => {
  it('the diagnosis neither throws nor fails, and can be printed', async () => {
    const causes = new Set<string>();
    await fc.assert(
      fc.asyncProperty(delivery, async ({ provider, ...given }) => {
        const diagnosis = await diagnoseDelivery(provider, given);
        if (diagnosis === undefined) throw new Error('A random signature fits.');
        const { cause, explanation, fix, evidence } = diagnosis;
        causes.add(cause);
        expect(cause).not.toBe('diagnosis_failed');
        // Names of headers are the only words in it that a sender chooses.
        expect([explanation, fix, ...Object.values(evidence)].join(' ')).toMatch(/^[\x20-\x7e]+$/);
        expect(explanation + fix).not.toMatch(/\{\w+\}|\bunknown\b|\bundefined\b|NaN/);
      }),
      { numRuns: 1_000 },
    );
    expect(causes.size).toBeGreaterThan(8);
  });

  it('nor does it where the signature is genuine and anything else is not', async () => {
    const shifted = fc.record({ ...{ provider: fc.constantFrom(...providers), body, other: body, secret } });
    await fc.assert(
      fc.asyncProperty(shifted, async ({ provider, body, other, secret }) => {
        const timestamp = Math.floor(Date.now() / 1000);
        const headers = await signBody(provider, { body, secret, id: 'msg_1', timestamp });
        const diagnosis = await diagnoseDelivery(provider, { headers, body: other, secret });
        const isSame = Buffer.compare(body, other) === 0;
        if (isSame) expect(diagnosis?.cause ?? 'handled').toMatch(/^(handled|invalid_body|invalid_event)$/);
        else expect(diagnosis?.cause).toMatch(/^(body_|nothing_fits$)/);
      }),
      { numRuns: 300 },
    );
  });
});
