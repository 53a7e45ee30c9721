import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { en } from 'zod/locales';
import * as z from 'zod/mini';
import { describeIssues } from './schema-error.ts';

/** What is said of data that a schema refuses. */
function problemsOf(schema: z.ZodMiniType, data: unknown): string {
  if (z.safeParse(schema, data).success) throw new Error('the schema takes it');
  return describeIssues(schema, data);
}

describe('what does not fit a schema of zod/mini, which brings no language,', () => {
  const { localeError } = z.config();
  beforeEach(() => void z.config({ localeError: undefined }));
  afterEach(() => void z.config({ localeError }));

  const schema = z.looseObject({
    text: z.optional(z.string().check(z.minLength(2), z.maxLength(4))),
    number: z.nullish(z.number().check(z.multipleOf(5))),
    choice: z.optional(z.enum(['one', 'two'])),
    email: z.optional(z.email()),
    list: z.optional(z.array(z.looseObject({ name: z.string() }))),
    either: z.optional(z.union([z.string(), z.number()])),
  });

  it.each<[data: unknown, said: string]>([
    [null, 'data: Invalid input: expected object, received null'],
    [{ text: 1 }, 'data.text: Invalid input: expected string, received number'],
    [{ number: '1' }, 'data.number: Invalid input: expected number, received string'],
    [{ list: {} }, 'data.list: Invalid input: expected array, received object'],
    [{ list: [{}] }, 'data.list.0.name: Invalid input: expected string, received undefined'],
    [{ list: [{ name: [] }] }, 'data.list.0.name: Invalid input: expected string, received array'],
    [{ text: 'a' }, 'data.text: Invalid input: minimum 2'],
    [{ text: 'MARKER' }, 'data.text: Invalid input: maximum 4'],
    [{ number: 7 }, 'data.number: Invalid input: divisor 5'],
    [{ choice: 'MARKER' }, 'data.choice: Invalid input: values one,two'],
    [{ email: 'MARKER' }, 'data.email: Invalid input: format email'],
    [{ either: true }, 'data.either: Invalid input'],
  ])('is told by what the schema expects: %j', (data, said) => {
    expect(problemsOf(schema, data)).toBe(said);
  });

  it('is told in the words of the language that the app has chosen', () => {
    z.config(en());
    expect(problemsOf(schema, { text: 'a' })).toBe('data.text: Too small: expected string to have >=2 characters');
  });

  it('is told in the words of the schema, where it has some', () => {
    expect(problemsOf(z.looseObject({ text: z.string('must be text') }), { text: 1 })).toBe('data.text: must be text');
  });

  it('holds no key and no value of the data', () => {
    const hostile = '{"MARKER":"MARKER","__proto__":{"MARKER":1},"constructor":"MARKER"}';
    for (const odd of [
      z.record(z.string(), z.number()),
      z.strictObject({ constructor: z.number() }),
      z.record(z.string().check(z.maxLength(2)), z.unknown()),
      z.array(z.string()),
    ]) {
      expect(problemsOf(odd, JSON.parse(hostile))).not.toContain('MARKER');
    }
  });
});
