import * as z from 'zod';

// What a provider documents loosely, or not at all, is read in every form that it may have.

/** An id, which may be sent as a number. Bounded, because the ids of all pages are kept while they are read. */
export const looseId = z.union([z.string().min(1).max(200), z.int()]).transform(String);

/** A number that may be null, absent or of another kind, which is not worth an error. */
export const looseNumber = z.number().optional().catch(undefined);

/** The same for text. */
export const looseText = z.string().optional().catch(undefined);

/** A field of what may be an object. */
export function fieldOf(value: unknown, name: string): unknown {
  return typeof value === 'object' && value !== null && Object.hasOwn(value, name)
    ? Reflect.get(value, name)
    : undefined;
}

/** The first of some fields that is there and not null. */
export function firstOf(value: unknown, names: readonly string[]): unknown {
  return names.map((name) => fieldOf(value, name)).find((found) => found !== undefined && found !== null);
}

/** What an answer is about, without the `{ data, error }` around it. */
export function withoutWrapping(answer: unknown): unknown {
  const data = fieldOf(answer, 'data');
  return typeof data === 'object' && data !== null && fieldOf(answer, 'id') === undefined ? data : answer;
}

/** The list in an answer: at the top, or under one of some names. */
export function listIn(answer: unknown, names: readonly string[]): unknown {
  const inner = withoutWrapping(answer);
  return Array.isArray(inner) ? inner : firstOf(inner, names);
}
