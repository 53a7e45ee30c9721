import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';

/** A process of another program, as far as it is watched. */
interface Watched {
  /** What it has written to standard output. */
  readonly output: () => string;
  /** What it has written to standard error. */
  readonly complaints: () => string;
  /** Resolves with its exit code when all that it wrote has been read. */
  readonly ended: Promise<number | null>;
  /** Ends it, with those that it has started. */
  readonly end: () => Promise<void>;
}

/** A process that listens on loopback. */
export interface Listening extends Watched {
  readonly origin: string;
}

// No such process may outlive this one, however it ends, nor what it has started itself.
const running = new Set<ChildProcess>();
process.on('exit', () => {
  for (const child of running) kill(child);
});
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => process.exit(1));

/**
 * Starts a process, and resolves once it has written its port, in JSON on a line of standard output.
 *
 * @param ms milliseconds in which it must listen
 */
export async function start(
  command: readonly string[],
  cwd: string,
  variables: Readonly<Record<string, string>> = {},
  ms = 60_000,
): Promise<Listening> {
  const { child, ...watched } = watch(command, cwd, variables);
  const port = new Promise<number>((resolve) => {
    createInterface(child.stdout).on('line', (line) => {
      const told = portIn(line);
      if (told !== undefined) resolve(told);
    });
  });
  const ended = watched.ended.then((code) => `ended with ${code} before it listened`);
  const listening = await inTime(Promise.race([port, ended]), ms, `did not listen within ${ms} ms`);
  if (typeof listening === 'number') return { ...watched, origin: `http://127.0.0.1:${listening}` };
  await watched.end();
  throw new Error(`${command.join(' ')} ${listening}:\n${watched.output()}${watched.complaints()}`);
}

/** Runs a command to its end, at most `ms` milliseconds; throws what it wrote where it does not end with 0. */
export async function runToEnd(
  command: readonly string[],
  cwd: string,
  variables: Readonly<Record<string, string>>,
  ms: number,
): Promise<void> {
  const { child, ...watched } = watch(command, cwd, variables);
  const code = await inTime(watched.ended, ms, `no end after ${ms} ms`);
  await watched.end();
  if (code !== 0) throw new Error(`${command.join(' ')}: ${code}\n${watched.output()}${watched.complaints()}`);
}

function watch([program = '', ...args]: readonly string[], cwd: string, variables: Readonly<Record<string, string>>) {
  const env = { ...process.env, DENO_NO_UPDATE_CHECK: '1', ...variables };
  const child = spawn(program, args, { cwd, stdio: ['ignore', 'pipe', 'pipe'], env, detached: true });
  running.add(child);
  const errors: string[] = [];
  child.stderr.on('data', (chunk) => errors.push(String(chunk)));
  const output: string[] = [];
  child.stdout.on('data', (chunk) => output.push(String(chunk)));
  const ended = once(child, 'close')
    .then(([code]: (number | null)[]) => code ?? null)
    .finally(() => running.delete(child));
  // Whoever waits for it is told; where nobody does, it ends with the process that it could not start.
  ended.catch(() => undefined);
  const end = async () => {
    kill(child);
    await ended;
  };
  return { child, output: () => output.join(''), complaints: () => errors.join(''), ended, end };
}

/** What stands around an app may write lines of its own, and a line may hold more than the port. */
function portIn(line: string): number | undefined {
  const port = line.startsWith('{') ? /"port":\s*(\d+)/.exec(line)?.[1] : undefined;
  return port === undefined ? undefined : Number(port);
}

async function inTime<T, Late>(promise: Promise<T>, ms: number, late: Late): Promise<T | Late> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const deadline = new Promise<Late>((resolve) => {
    timer = setTimeout(resolve, ms, late);
  });
  try {
    return await Promise.race([promise, deadline]);
  } finally {
    clearTimeout(timer);
  }
}

function kill({ pid }: ChildProcess): void {
  try {
    if (pid !== undefined) process.kill(-pid, 'SIGKILL');
  } catch {
    // It has ended by itself.
  }
}
