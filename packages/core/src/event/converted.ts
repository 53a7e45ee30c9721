import type * as core from 'zod/v4/core';
import { makeSchema } from './schema.ts';

/** Gives the value as handlers get it, or undefined for one that is not what was expected. */
export type Conversion = (value: unknown) => NonNullable<unknown> | null | undefined;

/** The conversions of {@link converted}, for whoever wants to spare the way through zod, by schema. */
export const conversions = new WeakMap<object, Conversion>();

/**
 * A schema for a value that a provider writes in more ways than one. It is a single function, because a union of
 * schemas tries each of them and collects what is wrong with it.
 *
 * @param expected what the value must be, for the error
 * @param convert gives the value as handlers get it, or undefined for one that is not `expected`
 */
export function converted<Written, Read extends NonNullable<unknown> | null>(
  expected: string,
  convert: (value: unknown) => Read | undefined,
) {
  const parseBy =
    () =>
    (payload: core.ParsePayload, { direction }: core.ParseContextInternal) => {
      if (direction === 'backward') throw new TypeError(`What was read as ${expected} is not written back.`);
      const { value, issues } = payload;
      payload.value = convert(value);
      if (payload.value !== undefined) return payload;
      const message = `Invalid input: expected ${expected}, received ${kindOf(value)}`;
      issues.push({ code: 'custom', message, input: value });
      return payload;
    };
  const def = { type: 'transform', transform: convert } as const;
  const schema = makeSchema<core.$ZodTransform<Read, Written>>('$ZodTransform', def, parseBy, { optin: 'optional' });
  conversions.set(schema._zod, convert);
  return schema;
}

/** What a value is, in words that tell nothing of what it holds. */
export function kindOf(value: unknown): string {
  if (value === null) return 'null';
  return Array.isArray(value) ? 'array' : typeof value;
}
