import assert from 'node:assert/strict';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import * as zod from 'zod';
import * as z from 'zod/mini';
import * as core from 'zod/v4/core';
import { converted } from './converted.ts';
import * as fields from './fields.ts';
import { looseObject } from './loose-object.ts';

const size = converted<number | string, number>('a number', (value) => {
  if (typeof value === 'number') return value;
  return value === 'one' ? 1 : undefined;
});

const shape = {
  text: z.string(),
  flag: z.boolean(),
  short: z.optional(z.string().check(z.maxLength(3))),
  upper: z.nullish(
    z.pipe(
      z.string(),
      z.transform((text) => text.toUpperCase()),
    ),
  ),
  word: z.optional(z.string()).check(z.refine((word) => word !== 'one')),
  size: z.optional(size),
  list: z.optional(z.array(z.string())),
  inner: z.optional(z.looseObject({ number: z.number() })),
  anything: z.optional(z.unknown()),
  fallback: z._default(z.string(), 'none'),
};
const ours = looseObject(shape);
const theirs = z.looseObject(shape);

/** What a schema makes of data: the value, or every issue. */
function outcomeOf(schema: core.$ZodType, data: unknown) {
  const { success, data: value, error } = core.safeParse(schema, data);
  return success ? { value } : { issues: error.issues };
}

const value = fc.oneof(
  fc.constantFrom<unknown>(
    '',
    'a',
    'one',
    'long text',
    0,
    1,
    Number.POSITIVE_INFINITY,
    Number.NaN,
    true,
    false,
    null,
    undefined,
  ),
  fc.array(fc.oneof(fc.string(), fc.integer()), { maxLength: 2 }),
  fc.record({ number: fc.oneof(fc.integer(), fc.string()), more: fc.string() }, { requiredKeys: [] }),
);
const valid = fc.record(
  {
    text: fc.string(),
    flag: fc.boolean(),
    short: fc.string({ maxLength: 3 }),
    upper: fc.option(fc.string()),
    size: fc.constantFrom(1, 'one'),
    list: fc.array(fc.string()),
    anything: fc.json().map((text): unknown => JSON.parse(text)),
    fallback: fc.string(),
    unnamed: value,
  },
  { requiredKeys: ['text', 'flag'] },
);
const name = fc.constantFrom(...Object.keys(shape), 'more', 'constructor', 'toString');
const changed = fc
  .tuple(valid, fc.dictionary(name, value), fc.option(name))
  .map(([data, changes, left]) => Object.entries({ ...data, ...changes }).filter(([key]) => key !== left))
  .map((entries) => Object.fromEntries(entries));

describe('looseObject takes, gives and refuses what that of zod does:', () => {
  it('data that fits', () => {
    fc.assert(
      fc.property(valid, (data) => {
        expect(outcomeOf(ours, data)).toEqual(outcomeOf(theirs, data));
        expect(outcomeOf(ours, data)).toHaveProperty('value');
      }),
    );
  });

  it('data in which anything may be wrong or left out', () => {
    fc.assert(
      fc.property(changed, (data) => {
        // Not expect, which is misled by a field named constructor.
        assert.deepStrictEqual(outcomeOf(ours, data), outcomeOf(theirs, data));
      }),
      { numRuns: 5_000 },
    );
  });

  it('what is not an object', () => {
    for (const data of [null, undefined, '', 'text', 0, true, [], ['text'], () => ({}), Symbol('s'), 1n]) {
      expect(outcomeOf(ours, data)).toEqual(outcomeOf(theirs, data));
      expect(outcomeOf(looseObject({}), data)).toEqual(outcomeOf(z.looseObject({}), data));
    }
  });

  it('a key __proto__, which is left out', () => {
    const data = JSON.parse('{"text":"a","flag":true,"fallback":"","__proto__":{"polluted":true}}');
    expect(outcomeOf(ours, data)).toEqual(outcomeOf(theirs, data));
    expect(Object.hasOwn(core.parse(ours, data) as object, '__proto__')).toBe(false);
    expect(core.parse(ours, data)).not.toHaveProperty('polluted');
  });

  it('data that zod is told to wait for, and data that it encodes', async () => {
    for (const data of [
      { text: 'a', flag: true, size: 'one' },
      { text: 1, flag: true, size: 'two' },
    ]) {
      expect(await core.safeParseAsync(ours, data)).toEqual(await core.safeParseAsync(theirs, data));
    }
    const at = new Date(0);
    const dates = {
      at: z.codec(z.string(), z.date(), { decode: (text) => new Date(text), encode: (date) => date.toISOString() }),
    };
    expect(core.encode(looseObject(dates), { at })).toEqual({ at: at.toISOString() });
    expect(core.decode(looseObject(dates), { at: at.toISOString() })).toEqual({ at });
  });
});

describe('looseObject', () => {
  it('gives a copy, with the fields in the order in which they came', () => {
    const data = { more: 1, flag: true, text: 'a', anything: null, fallback: 'b', size: 'one' };
    const read = core.parse(ours, data) as object;
    expect(Object.keys(read)).toEqual(Object.keys(data));
    expect(read).not.toBe(data);
    expect(data.size).toBe('one');
  });

  it('waits for nothing: a field that would have to wait is a mistake', async () => {
    const slow = looseObject({ text: z.string().check(z.refine(async () => true)) });
    await expect(core.safeParseAsync(slow, { text: 'a' })).rejects.toThrow(core.$ZodAsyncError);
  });

  it("is an object of zod's to everything that looks at schemas", () => {
    expect(ours).toBeInstanceOf(core.$ZodObject);
    expect(core.toJSONSchema(looseObject({ text: z.string() }))).toEqual(
      core.toJSONSchema(zod.looseObject({ text: zod.string() })),
    );
    expect(zod.object({ data: looseObject({ text: z.string() }) }).parse({ data: { text: 'a', more: 1 } })).toEqual({
      data: { text: 'a', more: 1 },
    });
  });

  it('stands in schemas of zod as its own objects do, and can be copied', () => {
    const inner = looseObject({ text: fields.string(), note: fields.optional(fields.string()) });
    const composed = zod.object({
      list: zod.array(inner),
      either: zod.union([inner, zod.string()]),
      maybe: zod.optional(inner),
      none: zod.nullable(inner),
    });
    const data = { list: [{ text: 'a', more: 1 }], either: { text: 'b' }, none: null };
    expect(composed.parse(data)).toEqual(data);
    expect(composed.parse({ ...data, either: 'text', maybe: { text: 'c', note: 'd' } }).either).toBe('text');
    const wrong = composed.safeParse({ list: [{ text: 1 }], either: 1, maybe: { text: 'a', note: 2 }, none: {} });
    expect(wrong.error?.issues.map(({ path }) => path.join('.'))).toEqual([
      'list.0.text',
      'either',
      'maybe.note',
      'none.text',
    ]);
    const copy = core.clone(inner, { ...inner._zod.def, catchall: fields.unknown() });
    expect(copy).not.toBe(inner);
    expect(core.parse(copy, { number: 1, text: 'a' })).toEqual({ number: 1, text: 'a' });
  });

  it('is a Standard Schema', () => {
    const { vendor, version, validate } = looseObject({ text: fields.string() })['~standard'];
    expect([vendor, version]).toEqual(['zod', 1]);
    expect(validate({ text: 'a', more: 1 })).toEqual({ value: { text: 'a', more: 1 } });
    expect(validate({ text: 1 })).toMatchObject({
      issues: [{ message: 'Invalid input: expected a string, received number', path: ['text'] }],
    });
    expect(validate(null)).toMatchObject({ issues: [{ message: 'Invalid input', path: [] }] });
  });
});
