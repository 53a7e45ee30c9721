import * as z from 'zod/mini';

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
  const schema = z.transform<Written, Read>((value, { issues }) => {
    const read = convert(value);
    if (read !== undefined) return read;
    issues.push({ code: 'custom', message: `Invalid input: expected ${expected}`, input: value });
    return z.NEVER;
  });
  conversions.set(schema._zod, convert);
  return schema;
}
