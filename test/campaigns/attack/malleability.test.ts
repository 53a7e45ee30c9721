import { defineProvider, type Provider, type SignatureScheme, WebhookError } from '@hookproof/core';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
// What is accepted as a signature, and the bytes that are then signed, can be seen only below the public surface.
import { Refusal } from '../../../packages/core/src/error.ts';
import type { CompiledScheme } from '../../../packages/core/src/proof/scheme.ts';
import { matchSignature, parseSignature } from '../../../packages/core/src/proof/signature.ts';
import { schemes } from './schemes.ts';

/** What a sender claims, and a signature covers. */
interface Triple {
  readonly id: string | undefined;
  readonly timestamp: string | undefined;
  readonly body: string;
}

/** The bytes that are signed for a triple, as Latin-1; undefined where it is refused before any key is used. */
async function signedText(scheme: CompiledScheme, { id, timestamp, body }: Triple): Promise<string | undefined> {
  const signature = scheme.prefix + (scheme.encoding === 'hex' ? '0'.repeat(64) : `${'A'.repeat(43)}=`);
  let signed: string | undefined;
  try {
    const sent = parseSignature(scheme, signature, timestamp, id);
    if (sent instanceof Refusal) throw sent.toError();
    await matchSignature(sent, Buffer.from(body, 'latin1'), [
      {
        hmac: () => (before, bytes, encoding) => {
          signed = Buffer.concat([Buffer.from(before, 'utf8'), bytes]).toString('latin1');
          return Buffer.alloc(32, 1).toString(encoding);
        },
      },
    ]);
    return signed;
  } catch (error) {
    if (error instanceof WebhookError && error.code === 'malformed_signature') return undefined;
    throw error;
  }
}

/** Every triple that could have led to these signed bytes, by trying each border that the template leaves open. */
function readings(scheme: CompiledScheme, signed: string): Triple[] {
  const found: Triple[] = [];
  const read = (place: number, rest: string, id: string | undefined, timestamp: string | undefined): void => {
    const part = scheme.template[place];
    if (part === undefined) return void found.push({ id, timestamp, body: rest });
    if (place % 2 === 0) {
      // As Latin-1, like the signed bytes.
      const literal = Buffer.from(part, 'utf8').toString('latin1');
      if (rest.startsWith(literal)) read(place + 1, rest.slice(literal.length), id, timestamp);
      return;
    }
    const bound = part === 'id' ? id : timestamp;
    for (let length = 0; length <= rest.length; length++) {
      const value = rest.slice(0, length);
      if (bound !== undefined && bound !== value) continue;
      const [nextId, nextTimestamp] = part === 'id' ? [value, timestamp] : [id, value];
      read(place + 1, rest.slice(length), nextId, nextTimestamp);
    }
  };
  read(0, signed, undefined, undefined);
  return found;
}

/** Of all readings of what was signed, those that a receiver would accept. */
async function acceptedReadings(scheme: CompiledScheme, triple: Triple): Promise<Triple[] | undefined> {
  const signed = await signedText(scheme, triple);
  if (signed === undefined) return undefined;
  const accepted: Triple[] = [];
  for (const other of readings(scheme, signed)) {
    if ((await signedText(scheme, other)) === signed) accepted.push(other);
  }
  return accepted;
}

// Few characters, so that ids, times, literal text and bodies run into one another.
const crowded = (characters: string, maxLength: number) =>
  fc.string({ unit: fc.constantFrom(...characters), maxLength });

function anyTriple(scheme: CompiledScheme): fc.Arbitrary<Triple> {
  const literal = scheme.template.filter((_part, index) => index % 2 === 0).join('');
  const mixed = `${literal}17.a|`;
  return fc.record({
    id: scheme.id ? crowded(mixed, 6) : fc.constant(undefined),
    timestamp: scheme.timestamp ? fc.oneof(crowded('17', 5), crowded(mixed, 4)) : fc.constant(undefined),
    body: fc.oneof(crowded(mixed, 10), crowded('\x00\xff\xc3\xa9{}"', 6)),
  });
}

async function expectOneReading(scheme: CompiledScheme, triple: Triple): Promise<boolean> {
  const accepted = await acceptedReadings(scheme, triple);
  if (accepted === undefined) return false;
  expect(accepted).toEqual([triple]);
  return true;
}

function defined(signature: SignatureScheme): Provider | undefined {
  try {
    return defineProvider({ name: 'acme', signature, envelope: { type: 'type', data: 'data' } });
  } catch (error) {
    if (error instanceof WebhookError && error.code === 'invalid_options') return undefined;
    throw error;
  }
}

describe('no two ids, times and bodies share signed bytes', () => {
  const builtIn = schemes.flatMap(({ name, provider }) =>
    provider.signature.map((scheme, index) => [`${name} ${index}`, scheme] as const),
  );

  it.each(builtIn)('in %s', async (_name, scheme) => {
    let accepted = 0;
    await fc.assert(
      fc.asyncProperty(anyTriple(scheme), async (triple) => {
        if (await expectOneReading(scheme, triple)) accepted++;
      }),
      { numRuns: 2_000 },
    );
    expect(accepted).toBeGreaterThan(100);
  });

  it('in any scheme that defineProvider accepts', { timeout: 60_000 }, async () => {
    const literal = crowded('.|a17é$', 3);
    const template = fc
      .array(fc.tuple(literal, fc.constantFrom('{id}', '{timestamp}', '')), { maxLength: 4 })
      .map((parts) => `${parts.flat().join('')}`);
    const anyScheme = fc
      .tuple(template, literal, fc.constantFrom('hex' as const, 'base64' as const))
      .map(([start, end, encoding]): SignatureScheme => {
        const signs = `${start}${end}{body}`;
        return {
          header: 'x-signature',
          encoding,
          signs,
          ...(signs.includes('{id}') && { id: { header: 'x-id' } }),
          ...(signs.includes('{timestamp}') && { timestamp: { header: 'x-timestamp' } }),
        };
      });
    let accepted = 0;
    let refused = 0;
    await fc.assert(
      fc.asyncProperty(
        anyScheme.chain((signature) => {
          const scheme = defined(signature)?.signature[0];
          if (scheme === undefined) refused++;
          return scheme === undefined ? fc.constant(undefined) : fc.tuple(fc.constant(scheme), anyTriple(scheme));
        }),
        async (made) => {
          if (made !== undefined && (await expectOneReading(...made))) accepted++;
        },
      ),
      { numRuns: 10_000 },
    );
    expect(accepted).toBeGreaterThan(1_000);
    expect(refused).toBeGreaterThan(1_000);
  });

  it('and a scheme that would let them is refused when the provider is made', () => {
    const id = { header: 'x-id' };
    const timestamp = { header: 'x-timestamp' };
    const make = (signs: string, parts: Partial<SignatureScheme>) =>
      defined({ header: 'x-signature', encoding: 'hex', signs, ...parts });
    expect(make('{id}.{timestamp}.{body}', { id, timestamp })).toBeDefined();
    expect(make('{id}{timestamp}.{body}', { id, timestamp })).toBeUndefined();
    expect(make('{id}.{timestamp}{body}', { id, timestamp })).toBeUndefined();
    expect(make('{timestamp}1.{body}', { timestamp })).toBeUndefined();
    expect(make('{body}{id}', { id })).toBeUndefined();
    expect(make('{body}{body}', {})).toBeUndefined();
  });
});
