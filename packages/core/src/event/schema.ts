import type * as core from 'zod/v4/core';
import { isThenable } from '../timing/awaitable.ts';

/** Reads the value of a payload: puts there what handlers get, or what is wrong with it. It waits for nothing. */
type Parse = (payload: core.ParsePayload, context: core.ParseContextInternal) => core.ParsePayload;

/**
 * A schema that zod and whoever knows schemas take for one of zod's, without code of zod: every bundle would carry it, and
 * what built-in providers need of it is little.
 *
 * @param name of zod's class, by which others know it
 * @param def what it is made of, as zod's class has it
 * @param parseBy makes the function that reads values
 * @param more what zod's class says of it besides, such as whether it may be left out
 */
export function makeSchema<T extends core.$ZodType>(
  name: string,
  def: T['_zod']['def'],
  parseBy: (def: T['_zod']['def']) => Parse,
  more: object = {},
): T {
  const parse = parseBy(def);
  const schema = {
    _zod: {
      def,
      traits: new Set(['$ZodType', name, ownTrait]),
      // With which zod copies it.
      constr: function copy(given: T['_zod']['def']) {
        return makeSchema(name, given, parseBy, more);
      },
      bag: {},
      version: { major: 4, minor: 0, patch: 0 },
      parse,
      run: parse,
      ...more,
    },
    '~standard': {
      vendor: 'zod',
      version: 1,
      validate(input: unknown) {
        const { value, issues } = parse({ value: input, issues: [] }, { async: false });
        return issues.length === 0
          ? { value }
          : { issues: issues.map((issue) => ({ message: unnamed, path: [], ...issue })) };
      },
    },
  };
  // What is missing are names of types, which no value has.
  return schema as unknown as T;
}

/** What a schema gives at once. */
export function atOnce<T>(result: T | PromiseLike<T>): T {
  if (isThenable(result)) throw new TypeError('A schema must not wait for anything: no part of it may be async.');
  return result;
}

/** What zod says of an issue without a language. */
const unnamed = 'Invalid input';

const ownTrait = 'HookproofSchema';

/** Whether a schema is one of the built-in providers; what an app makes is none. */
export function isBuiltIn({ _zod }: core.$ZodType): boolean {
  return _zod.traits.has(ownTrait);
}
