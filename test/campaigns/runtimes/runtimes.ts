import { execFileSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import type { Way } from './hosts/wire.ts';

/** A runtime, and what is tested on it. */
export interface Runtime {
  readonly name: string;
  readonly ways: readonly Way[];
  /** The file of `hosts` that makes apps on it. */
  readonly host: 'node' | 'bun' | 'deno' | 'workerd';
  readonly version: () => string;
  /** How the name begins by which a host on it calls itself. */
  readonly says: string;
  /** The command that runs a host's JavaScript. */
  readonly command: (script: string) => readonly string[];
}

const bun = installed('@oven/bun-linux-x64/bin/bun');
const deno = installed('@deno/linux-x64-glibc/deno');
export const workerd = installed('@cloudflare/workerd-linux-64/bin/workerd');
export const esbuild = installed('@esbuild/linux-x64/bin/esbuild');

const everywhere = ['core.fetch', 'hono'] as const;
const likeNode = ['core.fetch', 'core.receive', 'hono', 'express', 'fastify'] as const;

export const runtimes: readonly Runtime[] = [
  ...['20', '22', '24', '26'].map((line): Runtime => {
    const program = installed(`node${line}/bin/node`);
    return {
      name: `Node ${line}`,
      ways: likeNode,
      host: 'node',
      version: () => versionOf(program),
      says: `Node ${line}.`,
      command: (script) => [program, script],
    };
  }),
  {
    name: 'Bun',
    ways: likeNode,
    host: 'bun',
    version: () => versionOf(bun),
    says: 'Bun 1.',
    command: (script) => [bun, '--no-install', script],
  },
  {
    name: 'Deno',
    ways: everywhere,
    host: 'deno',
    version: () => versionOf(deno),
    says: 'Deno 2.',
    // No permission but the network: the packages need none of their own.
    command: (script) => [
      deno,
      'run',
      '--no-prompt',
      '--no-config',
      '--node-modules-dir=manual',
      '--allow-net=127.0.0.1',
      script,
    ],
  },
  // As every new Worker is, and as those made before August 2026 are: without the Node API, and so without `node:crypto`.
  ...(['withNode', 'withoutNode'] as const).map(
    (configuration): Runtime => ({
      name: configuration === 'withNode' ? 'workerd' : 'workerd without Node API',
      ways: everywhere,
      host: 'workerd',
      version: () => versionOf(workerd),
      says: `Cloudflare-Workers ${configuration}`,
      command: () => [workerd, 'serve', 'workerd.capnp', configuration, '--control-fd=1'],
    }),
  ),
];

function installed(path: string): string {
  return fileURLToPath(new URL(`node_modules/${path}`, import.meta.url));
}

function versionOf(program: string): string {
  const output = execFileSync(program, ['--version'], { encoding: 'utf8' });
  return /\d+[\d.-]*\d/.exec(output)?.[0] ?? output;
}
