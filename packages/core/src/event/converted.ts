import type * as core from 'zod/v4/core';
import { $ZodTransform, NEVER } from 'zod/v4/core';

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
  const transform = (value: unknown, { issues }: core.ParsePayload) => {
    const read = convert(value);
    if (read !== undefined) return read;
    const message = `Invalid input: expected ${expected}, received ${kindOf(value)}`;
    issues.push({ code: 'custom', message, input: value });
    return NEVER;
  };
  // The class is of every type, the schema of what `convert` gives.
  const schema = new $ZodTransform({ type: 'transform', transform }) as core.$ZodTransform<Read, Written>;
  conversions.set(schema._zod, convert);
  return schema;
}

/** What a value is, in words that tell nothing of what it holds. */
export function kindOf(value: unknown): string {
  if (value === null) return 'null';
  return Array.isArray(value) ? 'array' : typeof value;
}
