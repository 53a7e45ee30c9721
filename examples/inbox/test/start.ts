import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

/** A program of this example in a process of its own. */
export interface Running {
  /** Every line that it wrote. */
  readonly lines: readonly string[];
  /** What it wrote to stderr. */
  readonly errors: readonly string[];
  /** Its exit code, or the signal that ended it. */
  readonly ended: Promise<number | string>;
  readonly kill: (signal: NodeJS.Signals) => void;
}

/** Starts a program such as `src/server.ts` of an example. */
export function start(program: URL, args: readonly string[], env: Record<string, string>): Running {
  const node = ['--conditions=@hookproof/source', '--import', 'tsx', fileURLToPath(program), ...args];
  const cwd = fileURLToPath(new URL('.', program));
  const child = spawn(process.execPath, node, {
    cwd,
    env: { ...process.env, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const lines: string[] = [];
  const errors: string[] = [];
  createInterface(child.stdout).on('line', (line) => lines.push(line));
  createInterface(child.stderr).on('line', (line) => errors.push(line));
  const ended = once(child, 'close').then(([code, signal]): number | string => code ?? signal);
  return { lines, errors, ended, kill: (signal) => child.kill(signal) };
}

/** Starts a server on a free port and resolves with its origin once it listens. */
export async function startServer(program: URL, env: Record<string, string>): Promise<Running & { origin: string }> {
  const server = start(program, [], { ...env, PORT: '0' });
  const until = performance.now() + 15_000;
  while (performance.now() < until) {
    const origin = /http:[\w/.:]+/.exec(server.lines[0] ?? '')?.[0];
    if (origin !== undefined) return { ...server, origin };
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  server.kill('SIGKILL');
  throw new Error(`${program} does not listen:\n${server.errors.join('\n')}`);
}
