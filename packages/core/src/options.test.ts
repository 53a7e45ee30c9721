import { describe, expect, it } from 'vitest';
import * as z from 'zod';
import { WebhookError } from './error.ts';
import { memoryClaims } from './handling/memory-claims.ts';
import { signBody } from './proof/sign.ts';
import { defineProvider, type Provider } from './provider.ts';
import { grantex } from './providers/grantex.ts';
import { grantiva } from './providers/grantiva.ts';
import { gravv } from './providers/gravv.ts';
import { standardWebhooks } from './providers/standard-webhooks.ts';
import { createReceiver, type ReceiverOptions } from './receiver.ts';
import { diagnoseDelivery, verifyDelivery, verifySignature } from './verify.ts';

const nothing = () => {};

function create(options: object) {
  const all: object = { provider: grantex(), secret: 'a secret for tests', on: { '*': nothing }, ...options };
  return createReceiver(all as ReceiverOptions<Provider>);
}

function mistake(options: object): WebhookError {
  try {
    create(options);
  } catch (error) {
    if (error instanceof WebhookError) return error;
    throw error;
  }
  throw new Error('nothing was thrown');
}

function expectMistake(options: object, message: RegExp): void {
  const error = mistake(options);
  expect(error.code).toBe('invalid_options');
  expect(error.message).toMatch(message);
}

describe('a wrong secret throws when the receiver is made, and names the option and the fix:', () => {
  it.each<[what: string, secret: unknown, message: RegExp]>([
    ['undefined', undefined, /^secret is undefined: is the environment variable/],
    ['null', null, /^secret is null: is the environment variable/],
    ['an empty string', '', /^secret is empty: is the environment variable/],
    ['whitespace alone', ' \t\r\n', /^secret is empty: is the environment variable/],
    ['no bytes', new Uint8Array(0), /^secret has 0 bytes/],
    ['an empty list', [], /^secret is an empty list/],
    ['an empty string in a list', ['good', ''], /^secret\[1\] is empty/],
    ['undefined in a list', [undefined, 'good'], /^secret\[0\] is undefined/],
    ['a list in a list', [['good']], /^secret\[0\] must be a string, bytes/],
    ['a number', 42, /^secret must be a string, bytes, a list of them, or a function/],
    ['true', true, /^secret must be a string/],
    ['an object', { secret: 'good' }, /^secret must be a string/],
    ['a promise', Promise.resolve('good'), /^secret must be a string/],
  ])('%s', (_what, secret, message) => {
    expectMistake({ secret }, message);
  });

  it.each<[what: string, secret: unknown, message: RegExp]>([
    ['a base64 key under 24 bytes', `whsec_${Buffer.alloc(23).toString('base64')}`, /^secret has 23 bytes.* 24/],
    ['bytes under 24', new Uint8Array(23), /^secret has 23 bytes.* 24/],
    ['a prefix with nothing after it', 'whsec_', /^secret is not "whsec_" and base64/],
    ['text that is not base64', 'whsec_not base64 at all, whatever its length', /^secret is not "whsec_" and base64/],
    [
      'one in a list that is too short',
      [Buffer.alloc(24, 1).toString('base64'), 'whsec_aGk='],
      /^secret\[1\] has 2 bytes/,
    ],
  ])('%s, for Standard Webhooks', (_what, secret, message) => {
    expectMistake({ provider: standardWebhooks(), secret }, message);
  });

  it('and takes 24 bytes for Standard Webhooks, with the prefix or without', () => {
    const key = Buffer.alloc(24, 7).toString('base64');
    for (const secret of [key, `whsec_${key}`, Buffer.alloc(24, 7), [key, `whsec_${key}`]]) {
      expect(() => create({ provider: standardWebhooks(), secret })).not.toThrow();
    }
  });

  it.each([
    ['a line break at its end', '', '\n'],
    ['a space before it', ' ', ''],
    ['quotes around it', '"', '"'],
    ['all of that', " ' ", " '\r\n"],
  ])('with %s, for Standard Webhooks, by what is around it', (_what, before, after) => {
    const bytes = Buffer.alloc(24, 7).toString('base64');
    for (const key of [`whsec_${bytes}`, bytes]) {
      const secret = before + key + after;
      expectMistake({ provider: standardWebhooks(), secret }, /^secret has a line break, a space or quotes around it/);
    }
  });

  it.each(['not base64\n', '"not base64"', 'not base64', '"d2hzZWM=', 'd2hzZWM="'])(
    'such as %j, for Standard Webhooks, by what it is not',
    (secret) => expectMistake({ provider: standardWebhooks(), secret }, /^secret is not "whsec_" and base64/),
  );

  it('and never repeats the secret', () => {
    const secret = 'whsec_MARKER-that-is-not-base64';
    expect(mistake({ provider: standardWebhooks(), secret }).message).not.toContain('MARKER');
  });
});

describe('a wrong number throws when the receiver is made, and names the option:', () => {
  const numbers = ['toleranceSeconds', 'timeoutMs', 'bodyTimeoutMs', 'maxBodyBytes'] as const;
  const wrong = [Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, -1, 0, 2 ** 31, '300', true, {}];
  it.each(numbers.flatMap((option) => wrong.map((value) => [option, value] as const)))('%s: %s', (option, value) => {
    expectMistake({ [option]: value }, new RegExp(`^${option} must be a number of (seconds|milliseconds|bytes)`));
  });

  it.each(numbers)('but %s may be undefined, or a number within bounds', (option) => {
    expect(() => create({ [option]: undefined })).not.toThrow();
    expect(create({ provider: gravv(), [option]: 1 }).limits[option]).toBe(1);
  });

  it.each(numbers)('but %s may be as long as a timer can run', (option) => {
    expect(create({ provider: gravv(), [option]: 2 ** 31 - 1 }).limits[option]).toBe(2 ** 31 - 1);
  });

  it('timeoutMs that the provider does not wait for', () => {
    expectMistake({ timeoutMs: 10_000 }, /^timeoutMs is 10000, but grantex waits only 10000 ms/);
    expect(create({ timeoutMs: 9_999 }).limits.timeoutMs).toBe(9_999);
  });
});

describe('the limits in force', () => {
  it('are those of the documentation by default', () => {
    expect(create({}).limits).toEqual({
      maxBodyBytes: 1_048_576,
      bodyTimeoutMs: 10_000,
      toleranceSeconds: undefined,
      timeoutMs: 8_000,
    });
  });

  it('leave a fifth of the time of a provider that waits less than ten seconds', () => {
    const signature = { header: 'x-signature', encoding: 'hex' } as const;
    const hasty = defineProvider({ name: 'hasty', signature, envelope: { type: 't', data: 'd' }, timeoutMs: 5_000 });
    expect(create({ provider: hasty }).limits.timeoutMs).toBe(4_000);
  });
});

describe('a wrong handler throws when the receiver is made, and names the option:', () => {
  it.each<[what: string, on: unknown, message: RegExp]>([
    ['no handlers at all', undefined, /^on must be an object of handlers/],
    ['null', null, /^on must be an object of handlers/],
    ['a function', nothing, /^on must be an object of handlers/],
    ['text', 'grant.created', /^on must be an object of handlers/],
    ['a handler that is not a function', { '*': 'log' }, /^on\["\*"\] must be a function/],
    ['a handler that is null', { 'grant.revoked': null }, /^on\["grant\.revoked"\] must be a function/],
    ['one of several that is not a function', { '*': [nothing, {}] }, /^on\["\*"\] must be a function/],
    ['a type that the provider does not have', { 'grant.made': nothing }, /^on\["grant\.made"\] is no event type of/],
    ['a type of another provider', { 'device.new': nothing }, /^on\["device\.new"\] is no event type of grantex/],
    ['a pattern with no type', { 'budget.*': nothing }, /^on\["budget\.\*"\] is no event type of grantex/],
    ['a pattern that ends early', { 'gran.*': nothing }, /^on\["gran\.\*"\]/],
    ['a pattern below a type', { 'grant.created.*': nothing }, /^on\["grant\.created\.\*"\]/],
    ['a pattern without a dot', { 'grant*': nothing }, /^on\["grant\*"\]/],
    ['a pattern of nothing', { '.*': nothing }, /^on\["\.\*"\]/],
    ['the start of a type', { grant: nothing }, /^on\["grant"\]/],
    ['a property that every object has', { constructor: nothing }, /^on\["constructor"\]/],
    ['an empty type', { '': nothing }, /^on\[""\]/],
  ])('%s', (_what, on, message) => {
    expectMistake({ on }, message);
  });

  it('and lists the types that there are', () => {
    expect(mistake({ on: { 'grant.made': nothing } }).message).toBe(
      'on["grant.made"] is no event type of grantex: use one of grant.created, grant.revoked, token.issued, a pattern such as "grant.*", or "*", which also gets types that are not listed here.',
    );
  });

  it('but a handler may be undefined, which is none', () => {
    expect(() => create({ on: { 'grant.created': undefined } })).not.toThrow();
  });

  it('but every type is welcome where the provider declares none', () => {
    const on = { 'anything.at.all': nothing, 'anything.*': nothing, constructor: nothing };
    const secret = Buffer.alloc(24, 1).toString('base64');
    expect(() => create({ provider: standardWebhooks(), secret, on })).not.toThrow();
  });

  it('and a family takes the types below it, and nothing else', () => {
    const on = { 'customer.kyc.status.approved': nothing, 'customer.kyc.status.*': nothing, 'customer.*': nothing };
    expect(() => create({ provider: gravv(), on })).not.toThrow();
    expectMistake({ provider: gravv(), on: { 'customer.kyc.status': nothing } }, /^on\["customer\.kyc\.status"\]/);
    expectMistake({ provider: gravv(), on: { 'customer.kyc.status.': nothing } }, /^on\["customer\.kyc\.status\."\]/);
  });
});

describe('another wrong option throws when the receiver is made, and names the option:', () => {
  it.each<[what: string, options: object, message: RegExp]>([
    ['dedupe: true', { dedupe: true }, /^dedupe must be false, or a store with a claim function/],
    ['dedupe: null', { dedupe: null }, /^dedupe must be false/],
    ['dedupe without claim', { dedupe: new Map() }, /^dedupe must be false/],
    ['dedupe whose claim is not a function', { dedupe: { claim: true } }, /^dedupe must be false/],
    ['onOutcome that is not a function', { onOutcome: console }, /^onOutcome must be a function/],
    ['onOutcome: null', { onOutcome: null }, /^onOutcome must be a function/],
    ['now that is not a function', { now: Date.now() }, /^now must be a function/],
    ['no provider', { provider: undefined }, /^provider must be what a factory returns/],
    ['a provider that is null', { provider: null }, /^provider must be what a factory returns/],
    ['a provider that is the factory', { provider: grantex }, /^provider must be what a factory returns: grantex\(\)/],
    ['a provider by name', { provider: 'grantex' }, /^provider must be what a factory returns/],
    [
      'a provider that defineProvider has not seen',
      { provider: { name: 'acme', signature: { header: 'x', encoding: 'hex' } } },
      /^provider must be what a factory returns.*defineProvider/,
    ],
  ])('%s', (_what, options, message) => {
    expectMistake(options, message);
  });

  it.each([
    ['grantex({ signature })', () => grantex({ signature: 'V2' as 'v2' }), /^grantex: signature must be/],
    ['grantiva({ key })', () => grantiva({ key: 'id' as 'signed' }), /^grantiva: key must be/],
    ['standardWebhooks({ name })', () => standardWebhooks({ name: 'My App' }), /name must be/],
  ])('%s', (_what, make, message) => {
    expect(make).toThrow(WebhookError);
    expect(make).toThrow(message);
    expect(make).toThrow(expect.objectContaining({ code: 'invalid_options' }));
  });
});

describe('a name that is not an option throws, and leads to the one that is meant:', () => {
  const scheme = { header: 'x-acme', encoding: 'hex', signs: '{timestamp}.{body}', timestamp: { header: 'x-time' } };
  const acme = { name: 'acme', signature: scheme, envelope: { type: 'type', data: 'data' } };
  const define = (changes: object) => Reflect.apply(defineProvider, undefined, [{ ...acme, ...changes }]);
  const delivery = { headers: {}, body: '{}', secret: 'good' };

  it.each<[call: string, made: (options: object) => unknown, options: object, message: string]>([
    [
      'createReceiver',
      create,
      { name: 'grants' },
      'name is not an option of createReceiver. Did you mean receiverName?',
    ],
    ['createReceiver', create, { nam: 'grants' }, 'nam is not an option of createReceiver. Did you mean receiverName?'],
    ['createReceiver', create, { lanes: nothing }, 'lanes is not an option of createReceiver. Did you mean lane?'],
    ['createReceiver', create, { index: nothing }, 'index is not an option of createReceiver. Did you mean inbox?'],
    ['createReceiver', create, { warp: nothing }, 'warp is not an option of createReceiver. Did you mean wrap?'],
    [
      'createReceiver',
      create,
      { paths: '/x' },
      'paths is not an option of createReceiver. There are: secret, on, maxBodyBytes, bodyTimeoutMs, toleranceSeconds, maxEventAgeSeconds, timeoutMs, inbox, receiverName, lane, dedupe, onOutcome, wrap, now, provider, framework.',
    ],
    [
      'verifyDelivery',
      (options) => verifyDelivery(grantex(), { ...delivery, ...options }),
      { tolerance: 60 },
      'tolerance is not an option of verifyDelivery. Did you mean toleranceSeconds?',
    ],
    [
      'diagnoseDelivery',
      (options) => diagnoseDelivery(grantex(), { ...delivery, ...options }),
      { header: {} },
      'header is not an option of diagnoseDelivery. Did you mean headers?',
    ],
    [
      'verifySignature',
      (options) => verifySignature(grantex(), { body: '{}', signature: '', secret: 'good', ...options }),
      { timeStamp: '1' },
      'timeStamp is not an option of verifySignature. Did you mean timestamp?',
    ],
    [
      'signBody',
      (options) => signBody(grantex(), { body: '{}', secret: 'good', id: '', timestamp: 1, ...options }),
      { secrets: ['good'] },
      'secrets is not an option of signBody. Did you mean secret?',
    ],
    ['memoryClaims', memoryClaims, { maxkeys: 5 }, 'maxkeys is not an option of memoryClaims. Did you mean maxKeys?'],
    ['grantex', grantex, { signatur: 'v2' }, 'signatur is not an option of grantex. Did you mean signature?'],
    ['grantiva', grantiva, { kye: 'delivery' }, 'kye is not an option of grantiva. There are: key.'],
    [
      'standardWebhooks',
      standardWebhooks,
      { event: {} },
      'event is not an option of standardWebhooks. Did you mean events?',
    ],
    [
      'defineProvider',
      define,
      { envelop: {} },
      'envelop is not an option of defineProvider("acme"). Did you mean envelope?',
    ],
    [
      'defineProvider',
      define,
      { envelope: { type: 'type', data: 'data', time: 'at' } },
      'time is not an option of envelope in defineProvider("acme"). Did you mean timestamp?',
    ],
    [
      'defineProvider',
      define,
      { secret: { encoding: 'base64', minbytes: 24 } },
      'minbytes is not an option of secret in defineProvider("acme"). Did you mean minBytes?',
    ],
    [
      'defineProvider',
      define,
      { headers: { deliveryID: 'x-id' } },
      'deliveryID is not an option of headers in defineProvider("acme"). Did you mean deliveryId?',
    ],
    [
      'defineProvider',
      define,
      { signature: { ...scheme, algorythm: 'sha512' } },
      'algorythm is not an option of a signature in defineProvider("acme"). Did you mean algorithm?',
    ],
    [
      'defineProvider',
      define,
      { signature: [scheme, { ...scheme, sign: '{body}' }] },
      'sign is not an option of a signature in defineProvider("acme"). Did you mean signs?',
    ],
    [
      'defineProvider',
      define,
      { notAccepted: [{ ...scheme, perfix: 'v0=' }] },
      'perfix is not an option of a signature in defineProvider("acme"). Did you mean prefix?',
    ],
    [
      'defineProvider',
      define,
      { signature: { ...scheme, timestamp: { header: 'x-time', toleranceMs: 5 } } },
      'toleranceMs is not an option of the timestamp of a signature in defineProvider("acme"). There are: header, prefix, toleranceSeconds.',
    ],
    [
      'defineProvider',
      define,
      { signature: { ...scheme, signs: '{id}.{timestamp}.{body}', id: { headers: ['x-id'] } } },
      'headers is not an option of the id of a signature in defineProvider("acme"). Did you mean header?',
    ],
  ])('%s, %$', async (_call, made, options, message) => {
    const mistake = { code: 'invalid_options', message };
    await expect((async () => made(options))()).rejects.toMatchObject(mistake);
  });

  it('events of a provider have the names that they have', () => {
    expect(() => define({ events: { 'any.name': z.looseObject({}) } })).not.toThrow();
  });

  it.each([
    ['grantex', grantex],
    ['grantiva', grantiva],
    ['standardWebhooks', standardWebhooks],
    ['memoryClaims', memoryClaims],
  ])('%s takes an object, and neither text nor null', (name, made) => {
    for (const given of ['v2', null]) {
      expect(() => Reflect.apply(made, undefined, [given])).toThrow(`The options of ${name} must be an object`);
    }
  });
});

describe('a wrong option of verifyDelivery and verifySignature is invalid_options:', () => {
  const delivery = { headers: { 'x-grantex-signature': `sha256=${'0'.repeat(64)}` }, body: '{}', secret: 'good' };
  it.each<[what: string, options: object, message: RegExp]>([
    ['an empty secret', { secret: '' }, /^secret is empty/],
    ['toleranceSeconds: NaN', { toleranceSeconds: Number.NaN }, /^toleranceSeconds must be/],
    ['now that is not a function', { now: 5 }, /^now must be a function/],
  ])('%s', async (_what, options, message) => {
    await expect(verifyDelivery(grantex(), { ...delivery, ...options })).rejects.toMatchObject({
      code: 'invalid_options',
      message: expect.stringMatching(message),
    });
  });

  it.each<[what: string, provider: unknown]>([
    ['the factory', grantex],
    ['undefined', undefined],
    ['null', null],
    ['a name', 'grantex'],
    ['a description that defineProvider has not seen', { name: 'acme', signature: [] }],
  ])('a provider that is %s', async (_what, wrong) => {
    const provider = wrong as Provider;
    const mistake = { code: 'invalid_options', message: expect.stringMatching(/^provider must be what a factory/) };
    await expect(verifyDelivery(provider, delivery)).rejects.toMatchObject(mistake);
    const options = { body: '{}', signature: 'sha256=00', secret: 'good' };
    await expect(verifySignature(provider, options)).rejects.toMatchObject(mistake);
  });

  it('an empty secret, for verifySignature', async () => {
    const options = { body: '{}', signature: 'sha256=00', secret: ' ' };
    await expect(verifySignature(grantex(), options)).rejects.toMatchObject({ code: 'invalid_options' });
  });
});

describe('schemas', () => {
  it('of a provider decide what on may name', () => {
    const provider = standardWebhooks({ name: 'clerk', events: { 'user.created': z.looseObject({}) } });
    const secret = Buffer.alloc(24, 1).toString('base64');
    expect(() => create({ provider, secret, on: { 'user.*': nothing } })).not.toThrow();
    expectMistake({ provider, secret, on: { 'user.deleted': nothing } }, /is no event type of clerk/);
  });
});
