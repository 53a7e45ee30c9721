/**
 * The one rule for wrong options, for packages that stand on `@hookproof/core`: how a mistake is told, and that a name
 * which is not an option is one.
 *
 * @module
 */
export { invalid } from './error.ts';
export { checkNames, type OptionNames } from './option-names.ts';
