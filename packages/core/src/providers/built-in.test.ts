import { describe, expect, it } from 'vitest';
import * as z from 'zod';
import * as core from 'zod/v4/core';
import { builtInProviders } from '../index.ts';

const schemas = Object.values(builtInProviders).flatMap((make) => {
  const provider = make();
  return Object.entries(provider.events ?? {}).map(([type, schema]) => [`${provider.name}, ${type}`, schema] as const);
});

/** Every schema in a schema; throws for one of a kind that is not known here. */
function* within(schema: core.$ZodType): Generator<core.$ZodTypes> {
  const { def } = (schema as core.$ZodTypes)._zod;
  yield schema as core.$ZodTypes;
  switch (def.type) {
    case 'object':
      for (const field of Object.values(def.shape)) yield* within(field);
      break;
    case 'optional':
    case 'nullable':
      yield* within(def.innerType);
      break;
    case 'array':
      yield* within(def.element);
      break;
    case 'string':
    case 'number':
    case 'boolean':
    case 'unknown':
    case 'transform':
      break;
    default:
      throw new Error(`What is in a schema of type ${def.type}? Say it here.`);
  }
}

describe('the data of a genuine event costs no more than its size', () => {
  it('there are schemas', () => expect(schemas.length).toBeGreaterThan(30));

  // Nothing ends such a check early, and each issue costs more than a hundred items that fit.
  it.each(schemas)('%s: no part of it collects an issue for every item', (_name, schema) => {
    for (const { _zod } of within(schema))
      expect(['array', 'record', 'map', 'set', 'tuple']).not.toContain(_zod.def.type);
  });

  it.each(schemas)('%s: long lists in all of its fields make one issue each', (_name, schema) => {
    const names = [...within(schema)].flatMap(({ _zod }) =>
      _zod.def.type === 'object' ? Object.keys(_zod.def.shape) : [],
    );
    for (const item of [0, null, {}, [], true, '']) {
      const list = Array.from({ length: 1_000 }, () => item);
      for (const data of [list, Object.fromEntries(names.map((name) => [name, list]))]) {
        const { error } = core.safeParse(schema, data);
        expect(error?.issues.length ?? 0).toBeLessThanOrEqual(Math.max(1, names.length));
      }
    }
  });
});

it('a list of one’s own that is bounded before its items makes one issue, as the page on providers says', () => {
  const shortList = z.custom<unknown[]>((value) => Array.isArray(value) && value.length <= 1_000);
  const schema = z.looseObject({ invoice: z.string(), lines: shortList.pipe(z.array(z.string())) });
  const issuesOf = (lines: unknown) => schema.safeParse({ invoice: 'a', lines }).error?.issues.length ?? 0;
  expect(issuesOf(Array.from({ length: 1_001 }, () => 0))).toBe(1);
  expect(issuesOf(Array.from({ length: 1_000 }, () => 0))).toBe(1_000);
  expect(issuesOf(Array.from({ length: 1_000 }, () => 'a'))).toBe(0);
});

describe('a number that is too large to represent never reaches a handler', () => {
  const fields = schemas.flatMap(([name, schema]) =>
    [...within(schema)].flatMap(({ _zod: { def } }) =>
      def.type === 'object' ? Object.entries(def.shape).map(([key, field]) => [`${name}, ${key}`, field] as const) : [],
    ),
  );
  // Of what no schema knows, handlers get what came.
  const known = fields.filter(([, field]) => ![...within(field)].some(({ _zod }) => _zod.def.type === 'unknown'));
  const takesNumber = known.filter(([, field]) => core.safeParse(field, 5).data === 5);

  it('there are such fields', () => expect(takesNumber.length).toBeGreaterThan(5));

  it.each(known)('%s', (_name, field) => {
    for (const json of ['1e999', '-1e999', '9'.repeat(400), '1.5E+400']) {
      for (const value of [JSON.parse(json), json]) {
        const { data } = core.safeParse(field, value);
        expect(typeof data === 'number' || /Infinity|NaN/.test(String(data))).toBe(false);
      }
    }
  });
});
