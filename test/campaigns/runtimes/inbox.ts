import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { type Result, runTests, type Test } from './results.ts';
import type { Runtime } from './runtimes.ts';

/** What a test of `hosts/inbox.ts` says of itself. */
interface Line {
  readonly title?: string;
  readonly error?: string;
  readonly ended?: boolean;
}

const timeoutMs = 120_000;

/** Runs the conformance suite for inboxes in a process of the runtime, with the SQLite that is there. */
export async function runInbox(runtime: Runtime, project: string): Promise<Result> {
  const started = performance.now();
  const [program = '', ...args] = runtime.command('inbox.js');
  const { stdout, stderr } = await promisify(execFile)(program, args, { cwd: project, timeout: timeoutMs }).catch(
    ({ stdout = '', stderr = '', message }) => ({ stdout: String(stdout), stderr: `${message}\n${stderr}` }),
  );
  const lines = stdout
    .split('\n')
    .filter((line) => line.startsWith('{'))
    .map((line): Line => JSON.parse(line));
  const tests = lines.flatMap(({ title, error }): Test[] => (title === undefined ? [] : [[title, () => told(error)]]));
  tests.push(['the process came to its end', () => told(lines.at(-1)?.ended ? undefined : stderr)]);
  const about = { runtime: runtime.name, version: runtime.version(), subject: '@hookproof/inbox/sqlite' };
  const result = await runTests(about, tests, { complaints: () => stderr });
  return { ...result, seconds: (performance.now() - started) / 1000 };
}

async function told(error: string | undefined): Promise<void> {
  if (error !== undefined) throw new Error(error);
}
