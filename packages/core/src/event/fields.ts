import type * as core from 'zod/v4/core';
import { $ZodBoolean, $ZodNullable, $ZodNumber, $ZodOptional, $ZodString, $ZodUnknown } from 'zod/v4/core';

// Schemas of fields, as zod/mini makes them, but for the methods with which one calls those: every bundle would carry them.

export const string = () => new $ZodString({ type: 'string' });

export const number = () => new $ZodNumber({ type: 'number', checks: [] });

export const boolean = () => new $ZodBoolean({ type: 'boolean' });

export const unknown = () => new $ZodUnknown({ type: 'unknown' });

/** A field that may be left out. */
export function optional<T extends core.$ZodType>(innerType: T): core.$ZodOptional<T> {
  // The class is of every type, the schema of the one that it was just given.
  return new $ZodOptional({ type: 'optional', innerType }) as core.$ZodOptional<T>;
}

/** A field that may be left out, or null. */
export function nullish<T extends core.$ZodType>(innerType: T): core.$ZodOptional<core.$ZodNullable<T>> {
  return optional(new $ZodNullable({ type: 'nullable', innerType }) as core.$ZodNullable<T>);
}
