#!/usr/bin/env node
import { exitCode } from './exit-code.ts';
import { run } from './run.ts';

const stopping = new AbortController();
for (const name of ['SIGINT', 'SIGTERM'] as const) {
  // Once: who asks a second time does not want to wait.
  process.once(name, () => stopping.abort(name));
}
// `hookproof … | head` closes the pipe: nobody reads the rest.
process.stdout.on('error', (error) => {
  if ('code' in error && error.code === 'EPIPE') process.exit(exitCode.ok);
  throw error;
});

const { stdin, stdout, stderr, env } = process;
process.exitCode = await run(process.argv.slice(2), { stdin, stdout, stderr, env, signal: stopping.signal });
