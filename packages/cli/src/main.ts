#!/usr/bin/env node
import { exitCode } from './exit-code.ts';
import { run } from './run.ts';

const stopping = new AbortController();
for (const name of ['SIGINT', 'SIGTERM'] as const) {
  // Once: who asks a second time does not want to wait.
  process.once(name, () => stopping.abort(name));
}

let isLost = false;
process.stdout.on('error', (error) => {
  // `hookproof … | head` closes the pipe: nobody reads the rest, so nothing more is begun.
  stopping.abort('EPIPE');
  if (isLost || ('code' in error && error.code === 'EPIPE')) return;
  isLost = true;
  process.stderr.write(`Error: the result could not be written (${'code' in error ? error.code : error.name}).\n`);
});
// Where nobody reads what goes wrong either, the exit code says it.
process.stderr.on('error', () => {});

const { stdin, stdout, stderr, env } = process;
const code = await run(process.argv.slice(2), { stdin, stdout, stderr, env, signal: stopping.signal });
process.exitCode = isLost ? exitCode.failed : code;
