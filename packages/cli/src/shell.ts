import { type ExitCode, exitCode } from './exit-code.ts';
import { Report, type Terminal } from './terminal.ts';

/** What every command gets: the terminal, and a way to do its work. */
export interface Shell {
  readonly terminal: Terminal;
  /** Does a command's work and keeps its exit code. */
  readonly perform: (options: CommonOptions, work: (report: Report) => Promise<ExitCode>) => Promise<void>;
}

/** Options of every command. */
export interface CommonOptions {
  readonly json?: true | undefined;
}

/** The option that every command has. */
export const jsonOption = ['--json', 'print JSON, an object per line, instead of text'] as const;

/** Makes a shell; `ended` is called with the exit code of the command's work. */
export function createShell(terminal: Terminal, ended: (code: ExitCode) => void): Shell {
  return {
    terminal,
    async perform({ json = false }, work) {
      const code = await work(new Report(terminal, json));
      ended(interruption(terminal) ?? code);
    },
  };
}

/** The exit code where a person or the system ended the command; undefined where nobody did. */
export function interruption({ signal }: Terminal): ExitCode | undefined {
  // Who stopped reading the result has not ended it: what was found until then decides.
  if (!signal.aborted || signal.reason === 'EPIPE') return undefined;
  return signal.reason === 'SIGTERM' ? exitCode.terminated : exitCode.interrupted;
}
