import {
  cpSync,
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  realpathSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { boundaries } from './boundaries.ts';
import { importsOf, isNode, packageOf } from './imports.ts';
import { makeProject, packPackages, run, tarballOf, tool, versionOf } from './pack.ts';
import { projects } from './projects.ts';
import { missingRows } from './rows.ts';
import { filesBelow, isTest, packages, readManifest, root } from './workspace.ts';

// What users install: every package is built, packed, and installed with npm into an empty project of its own, where
// one program of test/rules/packed is compiled and run. It is slow, so it belongs to `check` and not to `test`.
vi.setConfig({ testTimeout: 300_000, hookTimeout: 300_000 });

// Before the packages are built, because what is missing would come to light much later and in other words.
const missing = packages.flatMap((one) => missingRows(one));
if (missing.length > 0) throw new Error(missing.join('\n'));

const frameworks = Object.values(boundaries).flatMap(({ adapterTo }) => adapterTo ?? []);

// Outside the repository, so that nothing is found in its node_modules.
const scratch = realpathSync(mkdtempSync(join(tmpdir(), 'hookproof-packed-')));
const tarballs = join(scratch, 'tarballs');
const programs = join(root, 'test', 'rules', 'packed');

beforeAll(() => packPackages(tarballs));

afterAll(() => rmSync(scratch, { recursive: true, force: true }));

describe.each(packages.map(({ folder, path }) => [folder, path] as const))('%s', (folder, path) => {
  const project = join(scratch, folder);
  const installed = join(project, 'node_modules', '@hookproof', folder);
  const { own, others } = projects[folder] ?? { own: [folder], others: [] };

  beforeAll(async () => {
    await makeProject(project, tarballs, own, [...others, '@types/node']);
    cpSync(programs, project, { recursive: true });
  });

  it('holds code, source, README and licence, and nothing else', () => {
    const sources = filesBelow(join(path, 'src')).filter((file) => !isTest(file));
    const wanted = sources.flatMap((file) => {
      const base = `dist/${file.slice(0, -'.ts'.length)}`;
      return [`src/${file}`, `${base}.js`, `${base}.js.map`, `${base}.d.ts`, `${base}.d.ts.map`];
    });
    const found = ['dist', 'src'].flatMap((name) => filesBelow(join(installed, name)).map((file) => `${name}/${file}`));
    expect(found.sort()).toEqual(wanted.sort());
    expect(readdirSync(installed).sort()).toEqual(['LICENSE', 'README.md', 'dist', 'package.json', 'src']);
    expect(readFileSync(join(installed, 'LICENSE'), 'utf8')).toBe(readFileSync(join(root, 'LICENSE'), 'utf8'));
  });

  it('has a manifest without workspace and catalog', () => {
    expect(readFileSync(join(installed, 'package.json'), 'utf8')).not.toMatch(/workspace:|catalog:/);
  });

  it('declares types that name only its dependencies', () => {
    const { name, dependencies, peerDependencies } = readManifest(installed);
    const known = [name, ...Object.keys(dependencies), ...Object.keys(peerDependencies)];
    const unknown = filesBelow(join(installed, 'dist'))
      .filter((file) => file.endsWith('.d.ts'))
      .flatMap((file) =>
        importsOf(file, readFileSync(join(installed, 'dist', file), 'utf8')).map((one) => [file, one.name] as const),
      )
      .filter(([, name]) => !name.startsWith('.') && !isNode(name) && !known.includes(packageOf(name)))
      .map(([file, name]) => `${file} names ${name}`);
    expect([...new Set(unknown)]).toEqual([]);
  });

  it('passes publint', () => run(`${tool('publint')} run "${tarballOf(tarballs, folder)}" --strict`, root));

  it('passes attw', () => run(`${tool('attw')} "${tarballOf(tarballs, folder)}" --profile esm-only`, root));

  it('brings no framework that was not chosen', () => {
    const present = frameworks.filter((name) => existsSync(join(project, 'node_modules', name)));
    expect(present).toEqual(frameworks.filter((name) => others.includes(name)));
    if (folder === 'core') {
      const all = readdirSync(join(project, 'node_modules')).filter((name) => !name.startsWith('.'));
      expect(all).toEqual(['@hookproof', '@types', 'undici-types', 'zod']);
    }
  });

  it('declares nothing that needs the DOM, or more than ES2022', async () => {
    // All that is there, because which file of a package a program reaches depends on the program.
    const declarations = filesBelow(join(installed, 'dist')).filter((file) => file.endsWith('.d.ts'));
    const files = declarations.map((file) => join(installed, 'dist', file));
    await compileFiles(project, files, { module: 'nodenext', target: 'es2022', lib: ['es2022'], noEmit: true });
  });

  it('compiles with moduleResolution bundler', async () => {
    await compile(project, [folder], { module: 'preserve', allowImportingTsExtensions: true, noEmit: true });
  });

  it('compiles with moduleResolution nodenext, and runs in plain Node', async () => {
    await compile(project, [folder, 'subpaths'], {
      module: 'nodenext',
      rewriteRelativeImportExtensions: true,
      outDir: 'out',
    });
    await run(`node out/${folder}.js`, project);
    await run('node out/subpaths.js', project);
  });

  if (folder === 'hono') {
    it('compiles without the types of Node', async () => {
      await compile(project, ['worker'], {
        module: 'nodenext',
        types: [],
        lib: ['es2023', 'dom', 'dom.iterable'],
        noEmit: true,
      });
    });
  }
});

// The app brings zod, in any version 4: the oldest, one that many have, and the newest.
describe.each(['4.0.0', '4.1.12', versionOf('zod')])('in an app with zod %s', (version) => {
  const project = join(scratch, `zod-${version}`);

  beforeAll(async () => {
    const own = ['core', 'endpoints', 'express', 'testing'];
    await makeProject(project, tarballs, own, [`zod@${version}`, '@types/node']);
    cpSync(programs, project, { recursive: true });
  });

  it('there is no second copy of it', async () => {
    const { stdout } = await run('npm ls zod --all --parseable', project);
    expect(stdout.trim().split('\n')).toEqual([join(project, 'node_modules', 'zod')]);
  });

  it('what uses it compiles and runs: providers of the app and of ours, and the clients', async () => {
    const using = ['zod', 'endpoints', 'testing'];
    await compile(project, using, { module: 'nodenext', rewriteRelativeImportExtensions: true, outDir: 'out' });
    await run('node out/zod.js', project);
    await run('node out/endpoints.js', project);
    // A sample of every event that we have a schema of; the rest of it speaks of no schema.
    const { stdout } = await run('node --test-name-pattern="the samples of" out/testing.js', project);
    expect(stdout).toMatch(/\bpass 4\b/);
  });
});

/** Compiles programs with a user's settings; `skipLibCheck` is off, so every declaration is checked. */
async function compile(project: string, programs: readonly string[], options: object): Promise<void> {
  const files = programs.map((program) => `${program}.ts`);
  await compileFiles(project, files, options);
}

async function compileFiles(project: string, files: readonly string[], options: object): Promise<void> {
  const compilerOptions = { strict: true, skipLibCheck: false, target: 'es2023', types: ['node'], ...options };
  writeFileSync(join(project, 'tsconfig.json'), JSON.stringify({ compilerOptions, files }));
  await run(`${tool('tsc')} -p .`, project);
}
