import { cpSync, existsSync, mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { packPackages, run, tarballOf } from '../../rules/pack.ts';
import { packages } from '../../rules/workspace.ts';

const here = fileURLToPath(new URL('.', import.meta.url));

/**
 * Installs situations outside the repository, with the packed packages beside what else is in them, so that a peer is found
 * where an app has it. Resolves with the folder in which they stand by name.
 */
export async function makeSituations(scratch: string, names: readonly string[]): Promise<string> {
  const workspace = join(scratch, 'wild');
  const unpacked = join(scratch, 'unpacked');
  cpSync(here, workspace, { recursive: true, filter: (path) => !path.includes('node_modules') });
  await Promise.all([install(workspace, names), unpack(join(scratch, 'tarballs'), unpacked)]);
  const situations = join(workspace, 'situations');
  for (const name of names) {
    const situation = join(situations, name);
    cpSync(unpacked, join(situation, 'node_modules', '@hookproof'), { recursive: true });
    cpSync(join(here, 'apps'), join(situation, 'apps'), { recursive: true });
  }
  return situations;
}

/** The version of a package in a situation. */
export function versionIn(situation: string, name: string): string {
  const manifest = join(situation, 'node_modules', name, 'package.json');
  return existsSync(manifest) ? (JSON.parse(readFileSync(manifest, 'utf8')) as { version: string }).version : '?';
}

async function install(workspace: string, names: readonly string[]): Promise<void> {
  const filters = names.map((name) => `--filter "./situations/${name}"`).join(' ');
  await run(`npx -y pnpm@12 ${filters} install --frozen-lockfile`, workspace);
}

async function unpack(tarballs: string, into: string): Promise<void> {
  await packPackages(tarballs);
  for (const { folder } of packages) {
    const target = join(into, folder);
    mkdirSync(target, { recursive: true });
    await run(`tar -xzf "${tarballOf(tarballs, folder)}" --strip-components=1 -C "${target}"`, into);
  }
}
