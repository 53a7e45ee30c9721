import type * as core from 'zod/v4/core';
import { converted } from './converted.ts';
import { atOnce, makeSchema } from './schema.ts';

export const string = () =>
  converted<string, string>('a string', (value) => (typeof value === 'string' ? value : undefined));

export const unknown = () =>
  makeSchema<core.$ZodUnknown>('$ZodUnknown', { type: 'unknown' }, () => (payload) => payload);

/** A field that may be left out. */
export function optional<T extends core.$ZodType>(innerType: T): core.$ZodOptional<T> {
  const parseBy =
    ({ innerType: { _zod } }: core.$ZodOptionalDef) =>
    (payload: core.ParsePayload, context: core.ParseContextInternal) => {
      if (payload.value === undefined) return payload;
      return atOnce(_zod.run(payload, context));
    };
  return makeSchema<core.$ZodOptional<T>>('$ZodOptional', { type: 'optional', innerType }, parseBy, {
    optin: 'optional',
    optout: 'optional',
  });
}
