import { exec } from 'node:child_process';
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { packages, readManifest, root } from './workspace.ts';

/** Runs a command; resolves with what it wrote, and fails with all of it. */
export async function run(command: string, cwd: string): Promise<{ readonly stdout: string }> {
  try {
    return await promisify(exec)(command, { cwd });
  } catch (error) {
    const { stdout, stderr } = error as { stdout: string; stderr: string };
    throw new Error(`${command}\n${stdout}\n${stderr}`);
  }
}

/** A development tool of the workspace, as a word of a command. */
export const tool = (name: string) => `"${join(root, 'node_modules', '.bin', name)}"`;

/** Builds every package, and packs them into a new folder. */
export async function packPackages(tarballs: string): Promise<void> {
  mkdirSync(tarballs);
  // Without the old output, because what was deleted in src would still be packed.
  for (const { path } of packages) rmSync(join(path, 'dist'), { recursive: true, force: true });
  await run(`${tool('tsc')} -b tsconfig.build.json`, root);
  await run(`npx -y pnpm@12 --filter "./packages/*" pack --pack-destination "${tarballs}"`, root);
}

/** Where {@link packPackages} put a package. */
export function tarballOf(tarballs: string, folder: string): string {
  return join(tarballs, `hookproof-${folder}-${readManifest(join(root, 'packages', folder)).version}.tgz`);
}

/**
 * Makes a user's project: `own` packages from their tarballs, and others from the registry.
 *
 * @param others names, for the versions that the workspace tests with, or `name@version`
 */
export async function makeProject(
  project: string,
  tarballs: string,
  own: readonly string[],
  others: readonly string[],
): Promise<void> {
  mkdirSync(project);
  const dependencies = {
    ...Object.fromEntries(own.map((folder) => [`@hookproof/${folder}`, `file:${tarballOf(tarballs, folder)}`])),
    ...Object.fromEntries(others.map(nameAndVersion)),
  };
  writeFileSync(join(project, 'package.json'), JSON.stringify({ private: true, type: 'module', dependencies }));
  await run('npm install --no-audit --no-fund --ignore-scripts', project);
}

function nameAndVersion(wanted: string): readonly [name: string, version: string] {
  const at = wanted.indexOf('@', 1);
  return at === -1 ? [wanted, versionOf(wanted)] : [wanted.slice(0, at), wanted.slice(at + 1)];
}

/** The version that the workspace tests with. */
export function versionOf(name: string): string {
  const text = readFileSync(join(root, 'test', 'node_modules', name, 'package.json'), 'utf8');
  return (JSON.parse(text) as { version: string }).version;
}
