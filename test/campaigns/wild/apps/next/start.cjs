'use strict';
// `next start` or `next dev`, whichever it is called with, and tells where it listens.
const { spawn } = require('node:child_process');
const { createInterface } = require('node:readline');

const next = require.resolve('next/dist/bin/next');
const child = spawn(process.execPath, [next, process.argv[2], '--hostname', '127.0.0.1', '--port', '0'], {
  cwd: __dirname,
  stdio: ['ignore', 'pipe', 'inherit'],
});
createInterface({ input: child.stdout }).on('line', (line) => {
  const [, port] = /http:\/\/127\.0\.0\.1:(\d+)/.exec(line) ?? [];
  console.log(port === undefined ? line : JSON.stringify({ port: Number(port) }));
});
process.on('SIGTERM', () => child.kill('SIGTERM'));
child.on('exit', (code) => process.exit(code ?? 0));
