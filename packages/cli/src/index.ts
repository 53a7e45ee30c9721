/**
 * The program `hookproof` as a function, for scripts that embed it. Users run it as a command: see `docs/cli.md`.
 *
 * @module
 */
export { type ExitCode, exitCode } from './exit-code.ts';
export { run } from './run.ts';
export type { Output, Terminal } from './terminal.ts';
