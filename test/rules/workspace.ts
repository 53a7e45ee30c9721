import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import * as z from 'zod';

export const root = fileURLToPath(new URL('../..', import.meta.url));

const dependencies = z.record(z.string(), z.string()).default({});

/** What the tests look at in a package.json. */
const Manifest = z.looseObject({
  name: z.string(),
  version: z.string(),
  type: z.unknown(),
  license: z.unknown(),
  sideEffects: z.unknown(),
  engines: z.unknown(),
  files: z.unknown(),
  publishConfig: z.unknown(),
  exports: z.record(z.string(), z.union([z.string(), z.record(z.string(), z.string())])),
  dependencies,
  peerDependencies: dependencies,
  devDependencies: dependencies,
});
export type Manifest = z.infer<typeof Manifest>;

/** A package that is published: one folder of packages/. */
export interface Package {
  /** Name of its folder, which is its name without the scope. */
  readonly folder: string;
  /** Absolute path. */
  readonly path: string;
  readonly manifest: Manifest;
}

export function readManifest(path: string): Manifest {
  return Manifest.parse(JSON.parse(readFileSync(join(path, 'package.json'), 'utf8')));
}

export const packages: readonly Package[] = readdirSync(join(root, 'packages'))
  .filter((folder) => existsSync(join(root, 'packages', folder, 'package.json')))
  .map((folder) => {
    const path = join(root, 'packages', folder);
    return { folder, path, manifest: readManifest(path) };
  });

/** All files below a folder, as paths relative to it with `/`, without what is generated or installed. */
export function filesBelow(folder: string): string[] {
  if (!existsSync(folder)) return [];
  return readdirSync(folder, { withFileTypes: true })
    .flatMap((entry) => {
      if (generated.has(entry.name)) return [];
      if (!entry.isDirectory()) return [entry.name];
      return filesBelow(join(folder, entry.name)).map((file) => [entry.name, file].join('/'));
    })
    .sort();
}

const generated = new Set(['node_modules', 'dist', '.next', 'next-env.d.ts', '.tmp']);

export function isTest(file: string): boolean {
  return /\.test(-d)?\.ts$/.test(file);
}
