import type * as core from 'zod/v4/core';
import { $ZodOptional, $ZodUnknown } from 'zod/v4/core';
import { converted } from './converted.ts';

// Schemas of fields. Those of zod would bring their methods, and what compiles them, into every bundle.

export const string = () =>
  converted<string, string>('a string', (value) => (typeof value === 'string' ? value : undefined));

export const unknown = () => new $ZodUnknown({ type: 'unknown' });

/** A field that may be left out. */
export function optional<T extends core.$ZodType>(innerType: T): core.$ZodOptional<T> {
  // The class is of every type, the schema of the one that it was just given.
  return new $ZodOptional({ type: 'optional', innerType }) as core.$ZodOptional<T>;
}
