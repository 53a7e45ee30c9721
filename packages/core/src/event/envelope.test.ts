import { runInNewContext } from 'node:vm';
import fc from 'fast-check';
import { describe, expect, it, vi } from 'vitest';
import * as z from 'zod';
import { encode } from '../bytes/encoding.ts';
import { arrivedHeaders } from '../bytes/headers.ts';
import { WebhookError } from '../error.ts';
import { defineProvider, type Provider } from '../provider.ts';
import { grantex } from '../providers/grantex.ts';
import { grantiva } from '../providers/grantiva.ts';
import { gravv } from '../providers/gravv.ts';
import { standardWebhooks } from '../providers/standard-webhooks.ts';
import { checkData, type ProvenDelivery, readEnvelope, readTimestamp } from './envelope.ts';

const signature = { header: 'x-signature', encoding: 'hex' } as const;
const provider = defineProvider({
  name: 'acme',
  signature,
  envelope: { id: 'id', type: 'type', timestamp: 'at', data: 'data' },
  events: {
    'invoice.paid': z.looseObject({ amount: z.string() }),
    'invoice.sent': z.looseObject({ to: z.array(z.looseObject({ name: z.string() })) }),
    'invoice.void': z.looseObject({ by: z.looseObject({ name: z.string() }).nullish() }),
  },
});

const readEvent = (
  from: Provider,
  ...rest: Parameters<typeof readEnvelope> extends [unknown, ...infer Rest] ? Rest : never
) => checkData(from, readEnvelope(from, ...rest));

const proven = (body: string | Uint8Array): ProvenDelivery => ({
  body: typeof body === 'string' ? encode(body) : body,
  headers: arrivedHeaders({}),
});

function read(body: string | Uint8Array, from: Provider = provider) {
  return readEvent(from, proven(body), undefined);
}

function rejection(body: string | Uint8Array, from: Provider = provider): WebhookError {
  try {
    read(body, from);
  } catch (error) {
    if (error instanceof WebhookError) return error;
    throw error;
  }
  throw new Error('nothing was thrown');
}

describe('an envelope', () => {
  it('becomes an event, and stays as it came beside it', () => {
    const body = '{"id":"evt_1","type":"invoice.paid","at":"2026-11-20T23:09:31Z","data":{"amount":"5"},"more":[1]}';
    expect(read(body)).toEqual({
      provider: 'acme',
      id: 'evt_1',
      type: 'invoice.paid',
      timestamp: new Date('2026-11-20T23:09:31Z'),
      data: { amount: '5' },
      envelope: JSON.parse(body),
    });
  });

  it('may lack an id and a timestamp, or hold null or an empty id', () => {
    const bare = { id: undefined, timestamp: undefined };
    expect(read('{"type":"a"}')).toMatchObject(bare);
    expect(read('{"type":"a","id":null,"at":null}')).toMatchObject(bare);
    expect(read('{"type":"a","id":"","at":""}')).toMatchObject(bare);
  });

  it('may have a number for an id', () => {
    expect(read('{"type":"a","id":42}').id).toBe('42');
    expect(read('{"type":"a","id":0}').id).toBe('0');
  });

  it('never gives two events one id because a number cannot tell them apart', () => {
    const [one, two] = ['9007199254740992', '9007199254740993'].map((id) => read(`{"type":"a","id":${id}}`).id);
    expect(one === undefined || one !== two).toBe(true);
    const [huge, larger] = ['1e999', '2e999'].map((id) => read(`{"type":"a","id":${id}}`).id);
    expect(huge === undefined || huge !== larger).toBe(true);
  });

  it('may hold a timestamp that nobody can read: that is no reason to refuse an event', () => {
    for (const at of ['"yesterday"', '{}', '[]', 'true', '1e999', '-1e999']) {
      expect(read(`{"type":"a","at":${at}}`).timestamp).toBeUndefined();
    }
  });

  it('of an unknown type gives data as it came, whatever it is', () => {
    expect(read('{"type":"unknown","data":{"a":1}}').data).toEqual({ a: 1 });
    expect(read('{"type":"unknown","data":null}').data).toBeNull();
    expect(read('{"type":"unknown","data":[1]}').data).toEqual([1]);
    expect(read('{"type":"unknown"}').data).toBeUndefined();
  });

  it('of a known type keeps fields that the schema does not name', () => {
    expect(read('{"type":"invoice.paid","data":{"amount":"5","new":{"deep":true}}}').data).toEqual({
      amount: '5',
      new: { deep: true },
    });
  });

  it.each(['constructor', '__proto__', 'toString', 'hasOwnProperty', 'valueOf'])('may have the type %s', (type) => {
    expect(read(`{"type":"${type}","data":1}`)).toMatchObject({ type, data: 1 });
  });

  it('never takes a field from the prototype of the body', () => {
    const odd = defineProvider({ name: 'odd', signature, envelope: { type: 'toString', data: 'constructor' } });
    expect(rejection('{}', odd).code).toBe('invalid_event');
  });

  it('takes the signed id where the envelope names none', () => {
    const signed = defineProvider({ name: 'signed', signature, envelope: { type: 'type', data: 'data' } });
    expect(readEvent(signed, proven('{"type":"a","id":"b"}'), 'msg_1').id).toBe('msg_1');
    expect(readEvent(signed, proven('{"type":"a","id":"b"}'), undefined).id).toBeUndefined();
  });

  it('takes the id that the envelope names before one that is signed', () => {
    expect(readEvent(provider, proven('{"type":"a","id":"evt_1"}'), 'msg_1').id).toBe('evt_1');
  });
});

describe('a genuine body that is no event is invalid_event:', () => {
  it.each([
    ['an array', '[]', /not an object/],
    ['null', 'null', /not an object/],
    ['a number', '42', /not an object/],
    ['text', '"device.new"', /not an object/],
    ['true', 'true', /not an object/],
    ['an empty object', '{}', /no event of acme: "type" is missing/],
    ['a type that is null', '{"type":null}', /"type" is missing/],
    ['a type that is a number', '{"type":1}', /"type" is not a string of 1 to 256 characters/],
    ['a type that is an object', '{"type":{"toString":"a"}}', /"type" is not a string/],
    ['a type that is an array', '{"type":["invoice.paid"]}', /"type" is not a string/],
    ['an empty type', '{"type":""}', /"type" is not a string/],
    ['a type of 257 characters', `{"type":"${'a'.repeat(257)}"}`, /"type" is not a string/],
    ['an id that is an object', '{"type":"a","id":{}}', /"id" is neither a string nor a number/],
    ['an id that is true', '{"type":"a","id":true}', /"id" is neither a string nor a number/],
    ['a known type without data', '{"type":"invoice.paid"}', /"invoice\.paid" does not fit its schema \(data: /],
    ['data of another shape', '{"type":"invoice.paid","data":{"amount":5}}', /\(data\.amount: .*string/],
    ['data that is wrong in an optional part', '{"type":"invoice.void","data":{"by":{"name":1}}}', /data\.by\.name: /],
    ['data that is wrong deep inside', '{"type":"invoice.sent","data":{"to":[{"name":1}]}}', /data\.to\.0\.name: /],
  ])('%s', (_what, body, message) => {
    expect(rejection(body).code).toBe('invalid_event');
    expect(rejection(body).message).toMatch(message);
  });

  it('but a type of 256 characters is one', () => {
    const type = 'a'.repeat(256);
    expect(read(`{"type":"${type}"}`).type).toBe(type);
  });

  it('and the message tells at most three of many mistakes', () => {
    const to = JSON.stringify(Array.from({ length: 100 }, () => ({ name: 1 })));
    expect(rejection(`{"type":"invoice.sent","data":{"to":${to}}}`).message.split(';')).toHaveLength(3);
  });
});

describe('a genuine body that is not JSON is invalid_body:', () => {
  it.each([
    ['nothing', ''],
    ['a space', ' '],
    ['a form', 'type=invoice.paid&id=1'],
    ['half an object', '{"type":"invoice.paid"'],
    ['two objects', '{"type":"a"}{"type":"b"}'],
    ['a comma too many', '{"type":"a",}'],
    ['a comment', '{"type":"a"/**/}'],
    ['NaN', '{"type":"a","data":NaN}'],
    ['a NUL after it', '{"type":"a"}\0'],
    ['two byte order marks', '\ufeff\ufeff{"type":"a"}'],
  ])('%s', (_what, body) => {
    expect(rejection(body).code).toBe('invalid_body');
  });

  it.each<[what: string, bytes: number[]]>([
    ['0xff', [0xff]],
    ['a lone continuation byte', [0x80]],
    ['an overlong slash', [0xc0, 0xaf]],
    ['half a surrogate pair', [0xed, 0xa0, 0x80]],
    ['a character cut short', [0xe2, 0x82]],
    ['beyond U+10FFFF', [0xf4, 0x90, 0x80, 0x80]],
  ])('%s in a string', (_what, bytes) => {
    const body = Buffer.concat([Buffer.from('{"type":"a","data":"'), Buffer.from(bytes), Buffer.from('"}')]);
    expect(rejection(body).code).toBe('invalid_body');
  });

  it('UTF-16', () => {
    expect(rejection(Buffer.from('\ufeff{"type":"a"}', 'utf16le')).code).toBe('invalid_body');
  });

  it('and the error does not quote the body, nor does its cause', () => {
    const error = rejection('{"type":"a", MARKER');
    expect(error.message).not.toContain('MARKER');
    expect(error.cause).toBeUndefined();
  });

  it('brackets without end', () => {
    expect(rejection('['.repeat(500_000)).code).toBe('invalid_body');
    expect(rejection('{"a":'.repeat(200_000)).code).toBe('invalid_body');
    expect(rejection(`{"__proto__":${'['.repeat(500_000)}`).code).toBe('invalid_body');
  });
});

describe('JSON of an unusual kind', () => {
  it('may begin with a byte order mark', () => {
    expect(read('\ufeff{"type":"a"}').type).toBe('a');
  });

  it('may hold emoji, U+2028 and every other character unescaped', () => {
    const text = '👩‍🚀 \u2028\u2029 \u007f é';
    expect(read(`{"type":"a","data":"${text}"}`).data).toBe(text);
  });

  it('may be nested as deep as a body can be', () => {
    const depth = 200_000;
    for (const type of ['a', 'invoice.paid']) {
      const body = `{"type":"${type}","data":{"amount":"5","deep":${'['.repeat(depth)}${']'.repeat(depth)}}}`;
      expect(read(body).type).toBe(type);
    }
  });

  it('may be nested as deep as a body can be and hold __proto__, which is dropped', () => {
    const depth = 200_000;
    const event = read(`{"type":"a","__proto__":1,"data":${'['.repeat(depth)}{"__proto__":1}${']'.repeat(depth)}}`);
    let data = event.data;
    for (let level = 0; level < depth; level++) [data] = data as unknown[];
    expect(Object.keys(data as object)).toEqual([]);
    expect(Object.keys(event.envelope)).toEqual(['type', 'data']);
  });

  it('may hold numbers beyond what a number can hold', () => {
    expect(read('{"type":"a","data":1e999}').data).toBe(Number.POSITIVE_INFINITY);
    expect(read(`{"type":"a","data":${'9'.repeat(100_000)}}`).data).toBe(Number.POSITIVE_INFINITY);
    expect(read('{"type":"a","data":123456789012345678901}').data).toBe(123456789012345680000);
  });

  it('may name a field twice: the last one counts', () => {
    expect(read('{"type":"a","type":"b"}').type).toBe('b');
  });

  it('never throws anything but invalid_body and invalid_event, whatever the bytes are', { timeout: 60_000 }, () => {
    const bytes = fc.oneof(fc.uint8Array(), fc.string({ unit: 'binary' }).map(encode), fc.json().map(encode));
    fc.assert(
      fc.property(bytes, (body) => {
        try {
          read(body);
        } catch (error) {
          expect(error).toBeInstanceOf(WebhookError);
          expect(['invalid_body', 'invalid_event']).toContain((error as WebhookError).code);
        }
      }),
      { numRuns: 500 },
    );
  });
});

/** Every way to write a key: each character as itself or as an escape with small or capital digits. */
function spellings(key: string): string[] {
  const escaped = (character: string, hex: (text: string) => string) =>
    `\\u${hex((character.codePointAt(0) ?? 0).toString(16).padStart(4, '0'))}`;
  const one = [...key].map((character, index) => {
    const all = [...key];
    all[index] = escaped(character, (hex) => hex);
    return all.join('');
  });
  const every = [...key].map((character) => escaped(character, (hex) => hex)).join('');
  const capital = [...key].map((character) => escaped(character, (hex) => hex.toUpperCase())).join('');
  return [key, ...one, every, capital];
}

/** The same without what could change a prototype, written once more. */
function cleaned(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(cleaned);
  if (typeof value !== 'object' || value === null) return value;
  const kept = Object.entries(value).filter(([key]) => key !== '__proto__');
  return Object.fromEntries(
    kept.map(([key, inner]) => {
      if (key !== 'constructor' || typeof inner !== 'object' || inner === null || Array.isArray(inner))
        return [key, cleaned(inner)];
      return [key, cleaned(Object.fromEntries(Object.entries(inner).filter(([name]) => name !== 'prototype')))];
    }),
  );
}

describe('a key __proto__ in a body pollutes nothing', () => {
  const evil = { polluted: true };
  const inside = (key: string) => `"${key}":${JSON.stringify(evil)}`;

  it.each(spellings('__proto__'))('written as %s', (key) => {
    const body = `{${inside(key)},"type":"invoice.paid","data":{"amount":"5",${inside(key)},"deep":[{${inside(key)}}]}}`;
    expect(Object.hasOwn(JSON.parse(body), '__proto__')).toBe(true);

    const event = read(body);
    const data = event.data as { deep: object[] };
    for (const value of [event.envelope, data, data.deep[0], event.envelope['data']]) {
      expect(Object.getPrototypeOf(value)).toBe(Object.prototype);
      expect(Object.hasOwn(value as object, '__proto__')).toBe(false);
      expect(Object.getPrototypeOf(Object.assign({}, value))).toBe(Object.prototype);
      expect(Object.assign({}, value)).not.toHaveProperty('polluted');
    }
    expect({}).not.toHaveProperty('polluted');
  });

  it('in data of an unknown type', () => {
    const event = read(`{"type":"unknown","data":{${inside('__proto__')}}}`);
    expect(event.data).toEqual({});
    expect(Object.assign({}, event.data)).not.toHaveProperty('polluted');
  });

  it('nor does a prototype in a constructor, however they are written', () => {
    for (const [written, name] of [
      ...spellings('constructor').map((key) => [key, 'prototype'] as const),
      ...spellings('prototype').map((key) => ['constructor', key] as const),
    ]) {
      const evil = `"${written}" : {"${name}"\n:{"polluted":true},"name":"a"}`;
      const event = read(`{"type":"unknown",${evil},"data":[{${evil}}]}`);
      expect(event.envelope).toEqual({ type: 'unknown', constructor: { name: 'a' }, data: event.data });
      expect(event.data).toEqual([{ constructor: { name: 'a' } }]);
    }
  });

  it('but a field that only has such a name stays', () => {
    const data = {
      constructor: 'Ferrari',
      prototype: { name: 'car' },
      deep: { constructor: { name: 'Ferrari' }, prototype: 1, list: [{ constructor: ['prototype'] }] },
    };
    expect(read(JSON.stringify({ type: 'a', data })).data).toEqual(data);
  });

  it('a key that stands twice counts as it last stood', () => {
    const evil = '"constructor":{"prototype":{"polluted":true}}';
    expect(read(`{"type":"a","data":{${evil},"constructor":"Ferrari"}}`).data).toEqual({ constructor: 'Ferrari' });
    expect(read(`{"type":"a","data":{"constructor":"Ferrari",${evil}}}`).data).toEqual({ constructor: {} });
    expect(read('{"type":"a","data":{"__proto__":1,"a":1,"__proto__":{"b":1}}}').data).toEqual({ a: 1 });
  });

  it('whatever the body: all else is what JSON.parse makes of it, and a careless merge changes no prototype', () => {
    const name = fc.constantFrom('__proto__', 'constructor', 'prototype', 'polluted', 'toString', 'proto', '');
    const key = name.chain((text) => fc.constantFrom(...spellings(text)));
    const { value } = fc.letrec<{ value: string }>((tie) => ({
      value: fc.oneof(
        { maxDepth: 6 },
        fc.constantFrom('1', '"a"', '"__proto__"', '"\\"prototype\\":"', 'null'),
        fc.array(tie('value'), { maxLength: 3 }).map((items) => `[${items.join()}]`),
        fc
          .array(fc.tuple(key, tie('value')), { maxLength: 4 })
          .map((fields) => `{${fields.map(([written, inner]) => `"${written}": ${inner}`).join()}}`),
      ),
    }));
    // In a realm of its own, because of what a merge does to the functions that it finds.
    const pollutes = runInNewContext(`(text) => {
      const merge = (target, source) => {
        for (const key in source) {
          if (typeof source[key] !== 'object' || source[key] === null) target[key] = source[key];
          else merge((target[key] ??= {}), source[key]);
        }
      };
      merge({}, JSON.parse(text));
      const polluted = Object.keys(Object.prototype);
      for (const key of polluted) delete Object.prototype[key];
      return polluted.length > 0;
    }`);
    expect(pollutes('{"__proto__":{"polluted":1}}')).toBe(true);
    expect(pollutes('{"constructor":{"prototype":{"polluted":1}}}')).toBe(true);
    expect(pollutes('{}')).toBe(false);
    let dropped = 0;
    fc.assert(
      fc.property(value, (written) => {
        const text = `{"type":"a","data":${written}}`;
        const left = JSON.stringify(read(text).envelope);
        expect(left).toBe(JSON.stringify(cleaned(JSON.parse(text))));
        expect(pollutes(left)).toBe(false);
        if (left !== JSON.stringify(JSON.parse(text))) dropped++;
      }),
      { numRuns: 2_000 },
    );
    expect(dropped).toBeGreaterThan(100);
  });

  it('and text that only speaks of it stays as it is', () => {
    expect(read('{"type":"a","data":["__proto__","\\u005f",{"my__proto__":1}]}').data).toEqual([
      '__proto__',
      '_',
      { my__proto__: 1 },
    ]);
  });
});

describe('the message of invalid_event holds nothing of the body', () => {
  const strict = defineProvider({
    name: 'strict',
    signature,
    envelope: { type: 'type', data: 'data' },
    events: {
      values: z.strictObject({ name: z.literal('ada'), count: z.number().max(1), kind: z.enum(['a', 'b']) }),
      keys: z.strictObject({}),
      records: z.record(z.string(), z.number()),
      choice: z.discriminatedUnion('kind', [z.object({ kind: z.literal('a') })]),
    },
  });

  it('but says whose schema it is: one of the app is not the provider’s change', () => {
    const own = rejection('{"type":"invoice.paid","data":{}}');
    expect(own.fix).toBe('The schema is your own: let it take what the provider sends.');
    const sent = standardWebhooks({ events: { a: z.object({ b: z.string() }) } });
    expect(rejection('{"type":"a","data":{}}', sent).fix).toBe(own.fix);
    for (const changed of [
      rejection('{"type":"grant.revoked","data":{}}', grantex()),
      rejection('{"event":"device.new","data":{}}', grantiva()),
      rejection('{"event_type":"completed","payee_id":7}', gravv()),
    ]) {
      expect(changed.message).toContain('does not fit its schema');
      expect(changed.fix).toMatch(
        /^Is the receiver for another provider than the secret\?.*the provider has changed, or/,
      );
    }
  });

  it('but says that a description of one’s own may be what is wrong', () => {
    expect(rejection('{"kind":"invoice.paid"}').fix).toContain('your own description of it is wrong');
  });

  it('but says where it does not fit, as far as the schema goes', () => {
    const message = (type: string, data: string) => rejection(`{"type":"${type}","data":${data}}`, strict).message;
    expect(message('keys', '{"MARKER":1}')).toContain('(data: has keys that the schema does not allow)');
    expect(message('records', '{"MARKER":"text"}')).toContain('(data…: ');
  });

  it.each([
    ['values', '{"name":"MARKER","count":"MARKER","kind":"MARKER"}'],
    ['keys', '{"MARKER":1}'],
    ['records', '{"MARKER":"text"}'],
    ['choice', '{"kind":"MARKER"}'],
  ])('neither where a schema refuses %s', (type, data) => {
    const error = rejection(`{"type":"${type}","data":${data}}`, strict);
    expect(error.code).toBe('invalid_event');
    expect(error.message).not.toContain('MARKER');
    expect(error.cause).toBeUndefined();
  });
});

describe('readTimestamp', () => {
  it.each<[value: unknown, expected: string | undefined]>([
    // ISO 8601 and RFC 3339
    ['2026-11-20T23:09:31Z', '2026-11-20T23:09:31.000Z'],
    ['2026-11-20T23:09:31.349Z', '2026-11-20T23:09:31.349Z'],
    ['2026-11-20t23:09:31.349z', '2026-11-20T23:09:31.349Z'],
    ['2026-11-20T23:09:31.3Z', '2026-11-20T23:09:31.300Z'],
    ['2026-11-20T23:09:31.34Z', '2026-11-20T23:09:31.340Z'],
    ['2026-11-20T23:09:31,349Z', '2026-11-20T23:09:31.349Z'],
    ['2026-11-20T23:09Z', '2026-11-20T23:09:00.000Z'],
    // beyond milliseconds, cut and not rounded
    ['2026-11-20T23:09:31.349999Z', '2026-11-20T23:09:31.349Z'],
    ['2026-11-20T23:09:31.349481927Z', '2026-11-20T23:09:31.349Z'],
    ['2026-11-20T23:09:31.349481927+01:00', '2026-11-20T22:09:31.349Z'],
    [`2026-11-20T23:09:31.${'9'.repeat(10_000)}Z`, '2026-11-20T23:09:31.999Z'],
    // zones
    ['2026-11-20T23:09:31+02:00', '2026-11-20T21:09:31.000Z'],
    ['2026-11-20T23:09:31-0530', '2026-11-21T04:39:31.000Z'],
    ['2026-11-20T23:09:31', '2026-11-20T23:09:31.000Z'],
    ['2026-11-20 23:09:31', '2026-11-20T23:09:31.000Z'],
    ['2026-11-20 23:09:31 +02:00', '2026-11-20T21:09:31.000Z'],
    ['2026-11-20 23:09:31.5', '2026-11-20T23:09:31.500Z'],
    // since 1970
    [1_795_216_193, '2026-11-20T23:09:53.000Z'],
    [1_795_216_193.5, '2026-11-20T23:09:53.500Z'],
    [99_999_999_999, '5138-11-16T09:46:39.000Z'],
    [100_000_000_000, '1973-03-03T09:46:40.000Z'],
    [1_795_216_193_349, '2026-11-20T23:09:53.349Z'],
    [0, '1970-01-01T00:00:00.000Z'],
    [-1, '1969-12-31T23:59:59.000Z'],
    ['1795216193', '2026-11-20T23:09:53.000Z'],
    ['1795216193349', '2026-11-20T23:09:53.349Z'],
    // no timestamp
    [undefined, undefined],
    [null, undefined],
    ['', undefined],
    ['now', undefined],
    ['2026-11-20', undefined],
    ['20 Nov 2026 23:09:31', undefined],
    ['2026-13-20T23:09:31Z', undefined],
    ['2026-11-20T25:09:31Z', undefined],
    ['2026-11-20T23:09:31Z and more', undefined],
    ['on 2026-11-20T23:09:31Z', undefined],
    ['2026-11-20T23:09:31Z\n', undefined],
    ['12345', undefined],
    ['17952161933490', undefined],
    [Number.NaN, undefined],
    [Number.POSITIVE_INFINITY, undefined],
    [1e300, undefined],
    [true, undefined],
    [{}, undefined],
    [[1_795_216_193], undefined],
    [new Date(0), undefined],
  ])('reads %s as %s', (value, expected) => {
    expect(readTimestamp(value)?.toISOString()).toBe(expected);
  });

  it('takes a time without a zone as UTC, wherever the server stands', () => {
    vi.stubEnv('TZ', 'America/New_York');
    try {
      expect(new Date(0).getHours()).toBe(19);
      expect(readTimestamp('2026-11-20T23:09:31')?.toISOString()).toBe('2026-11-20T23:09:31.000Z');
      expect(readTimestamp('2026-11-20 23:09')?.toISOString()).toBe('2026-11-20T23:09:00.000Z');
    } finally {
      vi.unstubAllEnvs();
    }
  });

  it('reads a time alike, whichever it has read before', () => {
    const days = fc.constantFrom('2026-11-20', '2026-11-31', '2024-02-29', '2026-13-01', '1969-12-31', '2026-1-120');
    const clocks = fc.constantFrom('23:09', '00:00', '24:00', '12:60', '2:309');
    const seconds = fc.constantFrom('', ':31', ':00', ':59', ':60', ':3', ':3x', '.31', ':31.');
    const fractions = fc.constantFrom(
      '',
      '.3',
      '.34',
      '.349',
      '.3499',
      '.349481927',
      '.3494819271',
      '.34x',
      ',349',
      '.',
    );
    const times = fc.tuple(
      days,
      fc.constantFrom('T', 't', ' '),
      clocks,
      seconds,
      fractions,
      fc.constantFrom('Z', 'z', ''),
    );
    const texts = times.map((parts) => parts.join(''));
    fc.assert(
      fc.property(texts, texts, (before, text) => {
        readTimestamp('1999-12-31T23:59:59Z');
        const alone = readTimestamp(text);
        readTimestamp(before);
        expect(readTimestamp(text)).toEqual(alone);
        expect(readTimestamp(text)).toEqual(alone);
      }),
      { numRuns: 5_000 },
    );
  });

  it('never throws, and never gives an invalid date', () => {
    fc.assert(
      fc.property(fc.anything(), (value) => {
        const date = readTimestamp(value);
        if (date !== undefined) expect(date.getTime()).not.toBeNaN();
      }),
    );
  });
});
