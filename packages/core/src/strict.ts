/**
 * Rules that packages share which stand on `@hookproof/core`: how a mistake in the options is told, that a name which is
 * not an option is one, and how text from outside is printed.
 *
 * @module
 */
export { invalid } from './error.ts';
export { checkNames, type OptionNames, ownOptions } from './option-names.ts';
export { errorText, printable } from './printable.ts';
