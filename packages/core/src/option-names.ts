import { invalid } from './error.ts';
import { printable } from './printable.ts';

/** The names that options may have: every one of a type, so that the compiler finds one that is missing or too many. */
export type OptionNames<Options> = { readonly [Name in keyof Options]-?: true };

/**
 * Checks that options are an object with no name but these: a misspelt one would be ignored silently. It is the one rule
 * of all packages; values are for the caller to check. Only what the object itself has is an option: what it inherits, from
 * a class or from an `Object.prototype` that somebody has polluted, is none.
 *
 * @param of whose options they are, as the message is to name it
 * @param given the options, which may be anything
 * @param names the names that there are; give the type of the options, and the compiler compares
 * @returns a copy of the options that inherits nothing: read this one
 * @throws WebhookError `invalid_options` with the name that was given, and the nearest one that there is, or all of them
 *
 * @example
 * ```ts
 * import { checkNames } from '@hookproof/core/strict';
 *
 * interface LogOptions {
 *   readonly level?: string | undefined;
 * }
 *
 * export function logger(options: LogOptions = {}) {
 *   const { level } = checkNames<LogOptions>('logger', options, { level: true });
 *   return level ?? 'info';
 * }
 * ```
 */
export function checkNames<Options extends object>(of: string, given: Options, names: OptionNames<Options>): Options {
  if (typeof given !== 'object' || given === null || Array.isArray(given)) {
    throw invalid(`The options of ${of} must be an object, such as { ${Object.keys(names)[0]}: … }`, listOf(names));
  }
  for (const name of Object.keys(given)) {
    if (Object.hasOwn(names, name)) continue;
    const meant = nearest(name.slice(0, longest), Object.keys(names));
    throw invalid(
      `${printable(name.slice(0, longest))} is not an option of ${of}`,
      meant === undefined ? listOf(names) : `Did you mean ${meant}?`,
    );
  }
  return ownOptions(given);
}

/** A copy of options that inherits nothing. */
export function ownOptions<T extends object>(given: T): T {
  return Object.assign(Object.create(null), given);
}

/** Letters of a wrong name that are looked at and shown. */
const longest = 64;

function listOf(names: object): string {
  return `There are: ${Object.keys(names).join(', ')}.`;
}

/**
 * One that is spelt almost so, such as `timeoutMs` for `timeuotMs`; else one that holds the given name or is held by it, such
 * as `receiverName` for `name`; else one that is spelt roughly so.
 */
function nearest(given: string, names: readonly string[]): string | undefined {
  const spelt = names
    .map((name) => ({ name, wrong: distance(name.toLowerCase(), given.toLowerCase()) }))
    .sort((a, b) => a.wrong - b.wrong);
  const within = (part: number) =>
    spelt.find(({ name, wrong }) => wrong <= 2 && wrong <= Math.max(name.length, given.length) * part)?.name;
  const apart = (name: string) => Math.abs(name.length - given.length);
  const [related] = names.filter((name) => isRelated(name, given)).sort((a, b) => apart(a) - apart(b));
  return within(1 / 4) ?? related ?? within(1 / 2);
}

function isRelated(name: string, given: string): boolean {
  const [short = '', long = ''] = [name.toLowerCase(), given.toLowerCase()].sort((a, b) => a.length - b.length);
  return short.length >= 3 && long.includes(short);
}

/** How many letters must be added, taken away or changed (Levenshtein). */
function distance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, index) => index);
  for (const [i, letter] of [...a].entries()) {
    const next = [i + 1];
    for (const [j, other] of [...b].entries()) {
      const change = (row[j] ?? 0) + (letter === other ? 0 : 1);
      next.push(Math.min(change, (row[j + 1] ?? 0) + 1, (next[j] ?? 0) + 1));
    }
    row = next;
  }
  return row.at(-1) ?? 0;
}
