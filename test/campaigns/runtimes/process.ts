import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';

/** A process that listens on loopback. */
export interface Listening {
  readonly origin: string;
  /** What it has written to standard output. */
  readonly output: () => string;
  /** What it has written to standard error. */
  readonly complaints: () => string;
  readonly end: () => Promise<void>;
}

// No such process may outlive this one, however it ends.
const running = new Set<ChildProcess>();
process.on('exit', () => {
  for (const child of running) child.kill('SIGKILL');
});
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => process.exit(1));

/** Starts a process, and resolves once it has written its port, in JSON on one line. */
export async function start(
  [program = '', ...args]: readonly string[],
  cwd: string,
  variables: Readonly<Record<string, string>> = {},
): Promise<Listening> {
  const env = { ...process.env, DENO_NO_UPDATE_CHECK: '1', ...variables };
  const child = spawn(program, args, { cwd, stdio: ['ignore', 'pipe', 'pipe'], env });
  running.add(child);
  const errors: string[] = [];
  child.stderr.on('data', (chunk) => errors.push(String(chunk)));
  const output: string[] = [];
  child.stdout.on('data', (chunk) => output.push(String(chunk)));
  // Unlike `exit`, this comes when all that it wrote has been read.
  const exited = once(child, 'close').finally(() => running.delete(child));
  const failed = exited.then(([code]) => {
    throw new Error(`${program} ended with ${code} before it listened:\n${errors.join('')}`);
  });
  const [line] = await Promise.race([once(createInterface(child.stdout), 'line'), failed]);
  failed.catch(() => undefined);
  const { port } = JSON.parse(String(line)) as { port: number };
  return {
    origin: `http://127.0.0.1:${port}`,
    output: () => output.join(''),
    complaints: () => errors.join(''),
    async end() {
      child.kill('SIGKILL');
      await exited;
    },
  };
}
