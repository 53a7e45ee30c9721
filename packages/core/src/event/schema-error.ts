import { core } from 'zod';

const maxIssues = 3;

/** Says what does not fit a schema in words of the schema alone: nothing that the body holds, not even its keys. */
export function describeError(schema: core.$ZodType, error: core.$ZodError): string {
  return error.issues
    .slice(0, maxIssues)
    .map((issue) => {
      const what = issue.code === 'unrecognized_keys' ? 'has keys that the schema does not allow' : issue.message;
      return `data${declaredPath(schema, issue.path)}: ${what}`;
    })
    .join('; ');
}

/** The path as far as the schema declares it; `z.record` and unions end it, because their keys come from the body. */
function declaredPath(schema: core.$ZodType, path: readonly PropertyKey[]): string {
  let current: core.$ZodType | undefined = schema;
  let text = '';
  for (const part of path) {
    current = current && inside(current, part);
    if (current === undefined) return `${text}…`;
    text += `.${String(part)}`;
  }
  return text;
}

function inside(schema: core.$ZodType, part: PropertyKey): core.$ZodType | undefined {
  if (schema instanceof core.$ZodOptional || schema instanceof core.$ZodNullable) {
    return inside(schema._zod.def.innerType, part);
  }
  if (schema instanceof core.$ZodArray) return schema._zod.def.element;
  if (!(schema instanceof core.$ZodObject) || typeof part !== 'string') return undefined;
  const { shape } = schema._zod.def;
  return Object.hasOwn(shape, part) ? shape[part] : undefined;
}
