import { execFile } from 'node:child_process';
import { Readable, Writable } from 'node:stream';
import { fileURLToPath } from 'node:url';
import { type ExitCode, run } from '@hookproof/cli';

/** What a command did. */
export interface Ended {
  readonly code: ExitCode;
  readonly stdout: string;
  readonly stderr: string;
  /** The lines of stdout as JSON, for `--json`. */
  readonly records: () => readonly Record<string, unknown>[];
}

/** What surrounds a command. */
export interface Surroundings {
  readonly env?: Readonly<Record<string, string | undefined>>;
  /** Standard input. */
  readonly input?: string | Uint8Array | readonly Uint8Array[] | AsyncIterable<Uint8Array>;
  /** Whether a person sits at it. */
  readonly isTerminal?: boolean;
  /** How wide the terminal is, in characters; 100 by default. */
  readonly columns?: number;
  readonly signal?: AbortSignal;
}

/** Runs a command line in this process, with streams of its own. */
export async function hookproof(argv: readonly string[], around: Surroundings = {}): Promise<Ended> {
  const { env = {}, input = '', isTerminal = false, columns, signal = new AbortController().signal } = around;
  const chunks = typeof input === 'string' || input instanceof Uint8Array ? [Buffer.from(input)] : input;
  const stdin = Object.assign(Readable.from(chunks, { objectMode: false }), { isTTY: isTerminal });
  const stdout = collect(isTerminal, columns);
  const stderr = collect(isTerminal, columns);
  const code = await run(argv, { stdin, stdout: stdout.stream, stderr: stderr.stream, env, signal });
  return { code, stdout: stdout.text(), stderr: stderr.text(), records: () => recordsOf(stdout.text()) };
}

function recordsOf(text: string): readonly Record<string, unknown>[] {
  return text
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line));
}

function collect(isTTY: boolean, columns = 100) {
  const chunks: Buffer[] = [];
  const stream = new Writable({
    write(chunk, _encoding, done) {
      chunks.push(Buffer.from(chunk));
      done();
    },
  });
  return { stream: Object.assign(stream, { isTTY, columns }), text: () => Buffer.concat(chunks).toString() };
}

const main = fileURLToPath(new URL('../../../packages/cli/src/main.ts', import.meta.url));

/** The arguments of Node that run the program itself. */
export const program = ['--conditions=@hookproof/source', '--import', 'tsx', main];

/**
 * Runs a command line as a process.
 *
 * @param under the command that starts it, with its arguments, such as `nice`
 */
export function hookproofProcess(
  argv: readonly string[],
  env: Readonly<Record<string, string>> = {},
  under: readonly string[] = [],
): Promise<{ readonly code: number | null; readonly stdout: string; readonly stderr: string }> {
  return new Promise((resolve) => {
    const options = { env: { ...process.env, ...env }, timeout: 60_000 };
    const [command = '', ...args] = [...under, process.execPath, ...program, ...argv];
    const child = execFile(command, args, options, (_error, stdout, stderr) =>
      resolve({ code: child.exitCode, stdout, stderr }),
    );
    child.stdin?.end();
  });
}
