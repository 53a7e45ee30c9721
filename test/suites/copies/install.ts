import { cpSync, mkdirSync, realpathSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { packages, root } from '../../rules/workspace.ts';

/**
 * Installs the sources of packages of Hookproof into a folder as npm does where versions differ: the app has one core, and
 * each of the others a core of its own.
 */
export function installCopies(app: string, folders: readonly string[], others: readonly string[]): void {
  writeFileSync(join(app, 'package.json'), '{ "type": "module" }');
  installPackage('core', app);
  for (const folder of folders) installPackage('core', installPackage(folder, app));
  for (const other of others) {
    const link = join(app, 'node_modules', other);
    mkdirSync(dirname(link), { recursive: true });
    symlinkSync(realpathSync(join(root, 'test', 'node_modules', other)), link, 'dir');
  }
}

/** A program of this folder, beside what {@link installCopies} has installed. */
export function installProgram(app: string, name: string): string {
  const program = join(app, name);
  cpSync(join(import.meta.dirname, name), program);
  return program;
}

function installPackage(folder: string, into: string): string {
  const source = packages.find((one) => one.folder === folder);
  if (source === undefined) throw new Error(`There is no packages/${folder}.`);
  const target = join(into, 'node_modules', source.manifest.name);
  for (const name of ['package.json', 'src']) cpSync(join(source.path, name), join(target, name), { recursive: true });
  return target;
}
