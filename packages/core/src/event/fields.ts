import type * as core from 'zod/v4/core';
import { $constructor, $ZodType, $ZodUnknown } from 'zod/v4/core';
import { converted } from './converted.ts';

// Schemas of fields. Those of zod would bring their methods, and what compiles them, into every bundle.

export const string = () =>
  converted<string, string>('a string', (value) => (typeof value === 'string' ? value : undefined));

export const unknown = () => new $ZodUnknown({ type: 'unknown' });

/** A field that may be left out: `z.optional`, but for what only unions and records ask of it, and every bundle would carry. */
export function optional<T extends core.$ZodType>(innerType: T): core.$ZodOptional<T> {
  // The class is of every type, the schema of the one that it was just given.
  return new Optional({ type: 'optional', innerType }) as core.$ZodOptional<T>;
}

const Optional = /* @__PURE__ */ $constructor('Optional', (field: core.$ZodOptional, def) => {
  $ZodType.init(field, def);
  // To everything that looks into schemas it is what it says.
  field._zod.traits.add('$ZodOptional');
  field._zod.optin = 'optional';
  field._zod.optout = 'optional';
  field._zod.parse = (payload, context) =>
    payload.value === undefined ? payload : def.innerType._zod.run(payload, context);
});
