import * as z from 'zod/mini';
import type * as core from 'zod/v4/core';
import { $constructor, $ZodObject } from 'zod/v4/core';

/**
 * An object with these fields and any others: `z.looseObject` of zod/mini, in a third of its time. (The objects
 * of zod itself make up for that with generated code, which zod/mini leaves out and Workers forbid.)
 */
export function looseObject<Shape extends core.$ZodShape>(shape: Shape): core.$ZodObject<Shape, core.$loose> {
  const schema = new LooseObject({ type: 'object', shape, catchall: z.unknown() });
  // The class is of every shape, the schema of the one that it was just given.
  return schema as core.$ZodObject<Shape, core.$loose>;
}

interface Field {
  readonly key: string;
  readonly schema: core.$ZodType['_zod'];
  /** The schema of a value that is there, which needs no `z.optional` around it. */
  readonly present: core.$ZodType['_zod'];
  /** The type of values that stay as they are. */
  readonly plain: 'string' | 'boolean' | undefined;
}

/** It takes what fits in one pass over the fields, and leaves all else to zod, so that only zod ever refuses. */
const LooseObject = /* @__PURE__ */ $constructor('LooseObject', (object: core.$ZodObject, def) => {
  $ZodObject.init(object, def);
  const zodParse = object._zod.parse;
  let fields: Field[] | undefined;

  object._zod.parse = (payload, ctx) => {
    const input = payload.value;
    if (!isPlainInput(input)) return zodParse(payload, ctx);
    fields ??= fieldsOf(def.shape);
    // Fields that nobody knows stay, and so does the order.
    const output: Record<string, unknown> = { ...input };
    for (const { key, schema, present, plain } of fields) {
      const value = input[key];
      if (typeof value === plain) continue;
      if (value === undefined && schema.optin === undefined) return zodParse(payload, ctx);
      const result = (value === undefined ? schema : present).run({ value, issues: [] }, ctx);
      if (result instanceof Promise || result.issues.length > 0) return zodParse(payload, ctx);
      if (result.value !== value) output[key] = result.value;
    }
    payload.value = output;
    return payload;
  };
});

/** Whether a copy of it has no surprise: zod leaves a key `__proto__` out. */
function isPlainInput(input: unknown): input is Readonly<Record<string, unknown>> {
  return typeof input === 'object' && input !== null && !Array.isArray(input) && !Object.hasOwn(input, '__proto__');
}

function fieldsOf(shape: core.$ZodShape): Field[] {
  return Object.entries(shape).map(([key, { _zod: schema }]) => {
    const { def } = schema as core.$ZodTypes['_zod'];
    const present = def.type === 'optional' && isUnchecked(schema) ? def.innerType._zod : schema;
    return { key, schema, present, plain: plainOf(present) };
  });
}

/** Text and truth values stay as they are where nothing checks them. */
function plainOf(schema: core.$ZodType['_zod']): Field['plain'] {
  const { type } = schema.def;
  return isUnchecked(schema) && (type === 'string' || type === 'boolean') ? type : undefined;
}

/** With checks, `run` is another function. */
function isUnchecked({ run, parse }: core.$ZodType['_zod']): boolean {
  return run === parse;
}
