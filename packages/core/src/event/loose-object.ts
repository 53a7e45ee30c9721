import type * as core from 'zod/v4/core';
import { type Conversion, conversions } from './converted.ts';
import { isJsonObject } from './event.ts';
import { unknown } from './fields.ts';
import { atOnce, makeSchema } from './schema.ts';

/**
 * An object with these fields and any others: `z.looseObject` of zod/mini, in a third of its time and less code. (The
 * objects of zod itself make up for the time with generated code, which zod/mini leaves out and Workers forbid.)
 */
export function looseObject<Shape extends core.$ZodShape>(shape: Shape): core.$ZodObject<Shape, core.$loose> {
  return makeSchema('$ZodObject', { type: 'object', shape, catchall: unknown() }, parseBy);
}

function parseBy({ shape }: core.$ZodObjectDef) {
  const fields = Object.entries(shape).map(([key, { _zod }]) => fieldOf(key, _zod));

  return (payload: core.ParsePayload, ctx: core.ParseContextInternal) => {
    const input = payload.value;
    if (!isJsonObject(input)) {
      payload.issues.push({ code: 'invalid_type', expected: 'object', input });
      return payload;
    }
    // No field waits for anything, and a conversion that is told that it may would make a promise.
    const context = ctx.async ? { ...ctx, async: false } : ctx;
    // Fields that nobody knows stay, and so does the order.
    const output: Record<string, unknown> = { ...input };
    // Whoever copied the object would give the copy another prototype.
    if (Object.hasOwn(output, '__proto__')) Reflect.deleteProperty(output, '__proto__');
    // Whoever encodes goes the other way.
    const isRead = ctx.direction !== 'backward';
    for (const { key, schema, present, read, mayLack } of fields) {
      const value = input[key];
      if (value === undefined) {
        if (mayLack) continue;
      } else if (read !== undefined && isRead) {
        // Nearly every field of many: the way through zod would cost more than all else.
        const made = read(value);
        if (made !== undefined) {
          if (made !== value) output[key] = made;
          continue;
        }
      }
      const result = atOnce((value === undefined ? schema : present).run({ value, issues: [] }, context));
      for (const issue of result.issues) payload.issues.push({ ...issue, path: [key, ...(issue.path ?? [])] });
      if (result.value !== value) output[key] = result.value;
    }
    payload.value = output;
    return payload;
  };
}

interface Field {
  readonly key: string;
  readonly schema: core.$ZodType['_zod'];
  /** The schema of a value that is there, which needs no `z.optional` around it. */
  readonly present: core.$ZodType['_zod'];
  /** What the field's schema does with nearly every value; undefined for one that the schema itself must look at. */
  readonly read: Conversion | undefined;
  /** Whether it may be left out, and stays so. */
  readonly mayLack: boolean;
}

function fieldOf(key: string, schema: core.$ZodType['_zod']): Field {
  const { def } = schema as core.$ZodTypes['_zod'];
  const present = def.type === 'optional' && isUnchecked(schema) ? def.innerType._zod : schema;
  const read = isUnchecked(present) ? conversions.get(present) : undefined;
  return { key, schema, present, read, mayLack: read !== undefined && present !== schema };
}

/** With checks, `run` is another function. */
function isUnchecked({ run, parse }: core.$ZodType['_zod']): boolean {
  return run === parse;
}
