'use strict';
// Runs a program that says where it listens by an address, and tells its port as the other apps do.
const { spawn } = require('node:child_process');
const { createInterface } = require('node:readline');

const [program, ...args] = process.argv.slice(2);
const child = spawn(program, args, { stdio: ['ignore', 'pipe', 'inherit'] });
createInterface({ input: child.stdout }).on('line', (line) => {
  const [, port] = /http:\/\/127\.0\.0\.1:(\d+)/.exec(line) ?? [];
  console.log(port === undefined ? line : JSON.stringify({ port: Number(port) }));
});
process.on('SIGTERM', () => child.kill('SIGTERM'));
child.on('exit', (code) => process.exit(code ?? 0));
