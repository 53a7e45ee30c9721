import { readFileSync } from 'node:fs';
import { arch, cpus, loadavg, platform } from 'node:os';

/** What the figures depend on. */
export interface Machine {
  readonly node: string;
  readonly platform: string;
  readonly cpus: number;
  readonly cpu: string;
  /** How many processes wanted a processor in the last minute, before the run: it should be near 0. */
  readonly loadBefore: number;
  readonly versions: Readonly<Record<string, string>>;
}

const measured = [
  ...['express', 'fastify', 'hono', '@hono/node-server', 'libsql', 'pg', 'ioredis', 'bullmq', 'pg-boss'],
  ...['@octokit/webhooks', 'stripe', 'standardwebhooks', 'svix', '@hookflo/tern'],
  ...['autocannon', 'mitata', 'esbuild'],
];

export function machine(): Machine {
  return {
    node: process.version,
    platform: `${platform()} ${arch()}`,
    cpus: cpus().length,
    cpu: cpus()[0]?.model ?? 'unknown',
    loadBefore: loadavg()[0] ?? 0,
    versions: Object.fromEntries(measured.map((name) => [name, versionOf(name)])),
  };
}

function versionOf(name: string): string {
  const manifest = new URL(`../node_modules/${name}/package.json`, import.meta.url);
  const { version }: { version: string } = JSON.parse(readFileSync(manifest, 'utf8'));
  return version;
}

/** The machine, one line. */
export function machineLine({ node, platform, cpus, cpu, loadBefore, versions }: Machine): string {
  const packages = Object.entries(versions).map(([name, version]) => `${name} ${version}`);
  return `Node ${node} on ${platform}, ${cpus} × ${cpu}, load before ${loadBefore.toFixed(2)}; ${packages.join(', ')}`;
}
