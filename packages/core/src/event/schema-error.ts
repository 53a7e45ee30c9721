import type * as core from 'zod/v4/core';
import { kindOf } from './converted.ts';

const maxIssues = 3;

/** What of an issue comes from the schema; the rest of it may be the body's. */
const declared = new Set(['expected', 'values', 'format', 'minimum', 'maximum', 'divisor']);

/** Says why data does not fit a schema in words of the schema alone: nothing that the body holds, not even its keys. */
export function describeIssues(schema: core.$ZodType, data: unknown): string {
  return issuesOf(schema, data)
    .slice(0, maxIssues)
    .map((issue) => `data${declaredPath(schema, issue.path)}: ${problemOf(issue, data)}`)
    .join('; ');
}

/** By the interface that all libraries of schemas share, because zod's own brings its class of errors into every bundle. */
function issuesOf(schema: core.$ZodType, data: unknown): readonly core.$ZodIssue[] {
  const result = schema['~standard'].validate(data);
  // Zod's issues, of which the interface promises a part.
  return 'issues' in result ? (result.issues as readonly core.$ZodIssue[]) : [];
}

function problemOf(issue: core.$ZodIssue, data: unknown): string {
  if (issue.code === 'unrecognized_keys') return 'has keys that the schema does not allow';
  if (issue.message !== 'Invalid input') return issue.message;
  // zod/mini comes without a language, and says this of everything.
  const facts = Object.entries(issue).filter(([name]) => declared.has(name));
  if (issue.code === 'invalid_type') facts.push(['received', kindOf(valueAt(data, issue.path))]);
  return facts.length === 0 ? issue.message : `${issue.message}: ${facts.map((fact) => fact.join(' ')).join(', ')}`;
}

function valueAt(data: unknown, path: readonly PropertyKey[]): unknown {
  let value = data;
  for (const part of path) {
    value =
      typeof value === 'object' && value !== null ? Object.getOwnPropertyDescriptor(value, part)?.value : undefined;
  }
  return value;
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
  // By the name of its type and not by `instanceof`, which would bring the code of each type into every bundle.
  const { def } = (schema as core.$ZodTypes)._zod;
  switch (def.type) {
    case 'optional':
    case 'nullable':
      return inside(def.innerType, part);
    case 'array':
      return def.element;
    case 'object':
      return typeof part === 'string' && Object.hasOwn(def.shape, part) ? def.shape[part] : undefined;
    default:
      return undefined;
  }
}
