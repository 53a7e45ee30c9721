import { cpSync, existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { makeProject, packPackages, run } from '../../rules/pack.ts';
import { installed } from './packages.ts';
import { esbuild, type Runtime } from './runtimes.ts';

const here = fileURLToPath(new URL('.', import.meta.url));

/** Installs the runtimes of the lockfile, unless they are there. Nothing of them is run by it. */
export async function installRuntimes(): Promise<void> {
  const lock = readFileSync(join(here, 'package-lock.json'), 'utf8');
  const mark = join(here, 'node_modules', '.installed-lock');
  if (existsSync(mark) && readFileSync(mark, 'utf8') === lock) return;
  if (process.platform !== 'linux' || process.arch !== 'x64') {
    throw new Error(`the lockfile holds runtimes for Linux on x64, and this is ${process.platform} on ${process.arch}`);
  }
  await run('npm ci --ignore-scripts --no-audit --no-fund', here);
  writeFileSync(mark, lock);
}

/** Makes a project with the packed packages, and in it the hosts as plain JavaScript. Resolves with its folder. */
export async function makeHosts(scratch: string, hosts: readonly Runtime['host'][]): Promise<string> {
  const project = join(scratch, 'project');
  const tarballs = join(scratch, 'tarballs');
  await packPackages(tarballs);
  await makeProject(project, tarballs, installed, ['@hono/node-server', 'libsql', 'express', 'fastify', 'hono']);
  cpSync(join(here, 'hosts'), project, { recursive: true });
  for (const host of hosts) await bundle(`${host}.ts`, project, host === 'workerd' ? forWorkers : forOthers);
  await bundle('inbox.ts', project, forOthers);
  return project;
}

/** As wrangler bundles a Worker. An import of `node:` would fail here. */
const forWorkers = ['--platform=browser', '--conditions=workerd,worker,browser', '--external:cloudflare:*'];
/** The packages stay outside, where each runtime finds them by its own rules. */
const forOthers = ['--platform=node', '--packages=external'];

/** Turns a TypeScript file and what it imports into one JavaScript file beside it. */
async function bundle(file: string, folder: string, options: readonly string[]): Promise<void> {
  const output = file.replace(/\.ts$/, '.js');
  const all = ['--bundle', '--format=esm', '--target=es2023', '--log-level=warning', ...options, `--outfile=${output}`];
  await run(`"${esbuild}" ${file} ${all.join(' ')}`, folder);
}
