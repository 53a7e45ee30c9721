import { readFileSync } from 'node:fs';
import { join, posix } from 'node:path';
import ts from 'typescript';
import { describe, expect, it } from 'vitest';
import { type Import, importsOf, isNode, packageOf } from './imports.ts';
import { filesBelow, isTest, type Package, packages, root } from './workspace.ts';

/** Who may import whom. A package that is not in this table fails: decide first what it may know. */
interface Boundary {
  /** Packages that it may import, and must if they are in its `dependencies`. */
  readonly imports: readonly string[];
  /** Of these, what the user installs: `peerDependencies`, imported for their types alone unless in `loaded`. */
  readonly peers?: readonly string[];
  /** Peers that are loaded too: OpenTelemetry's API is how a library finds the SDK that the app has started. */
  readonly loaded?: readonly string[];
  /** `node:` modules that a file may import. */
  readonly node?: (file: string, imported: Import) => boolean;
  /** The file that may import what the user names when it runs. */
  readonly opens?: string;
  /** Dependencies that no file imports, because another dependency does. */
  readonly alongside?: readonly string[];
  /** Whether one file of the package may import another. */
  readonly inside?: (from: string, to: string) => boolean;
}

const core = '@hookproof/core';
const typesOfNodeHttp = (_file: string, { name, typeOnly }: Import) => name === 'node:http' && typeOnly;
const isSuite = (file: string) => /^(inbox-)?conformance\b/.test(file);
const isSimulator = (file: string) => /^simulator\b/.test(file);
const engineOf = (file: string) => /^(memory|postgres|redis|sqlite)\b/.exec(file)?.[0];
const isProvider = (file: string) => file.startsWith('providers/');

const boundaries: Readonly<Record<string, Boundary>> = {
  cli: {
    imports: [
      core,
      '@hookproof/endpoints',
      '@hookproof/inbox',
      '@hookproof/testing',
      '@bomb.sh/tab',
      '@commander-js/extra-typings',
      'bullmq',
      'cli-progress',
      'cli-table3',
      'ioredis',
      'libsql',
      'pg',
      'pg-boss',
      'picocolors',
      'zod',
    ],
    peers: ['bullmq', 'ioredis', 'libsql', 'pg', 'pg-boss'],
    // By `import()` when an inbox of theirs is opened, those of @hookproof/inbox to say whether they are there.
    loaded: ['bullmq', 'ioredis', 'libsql', 'pg', 'pg-boss'],
    node: () => true,
    // A provider of the user's own, by the path on the command line.
    opens: 'providers.ts',
    // What @commander-js/extra-typings gives types to, as its peer.
    alongside: ['commander'],
  },
  core: {
    imports: ['zod'],
    // Only index.ts knows both. The engine knows no provider, and a provider knows no other provider.
    inside: (from, to) => from === 'index.ts' || (to !== 'index.ts' && !isProvider(to)),
  },
  endpoints: { imports: [core, 'zod'] },
  express: { imports: [core, 'express'], peers: ['express'], node: typesOfNodeHttp },
  fastify: { imports: [core, 'fastify-plugin', 'fastify'], peers: ['fastify'], node: typesOfNodeHttp },
  hono: { imports: [core, 'hono'], peers: ['hono'] },
  inbox: {
    imports: [core, 'bullmq', 'libsql', 'pg-boss'],
    peers: ['bullmq', 'libsql', 'pg-boss'],
    // By `import()` when the engine that needs it is opened.
    loaded: ['bullmq', 'pg-boss'],
    node: () => true,
    // An engine knows no other engine.
    inside: (from, to) => from === 'index.ts' || [undefined, engineOf(from)].includes(engineOf(to)),
  },
  otel: { imports: [core, '@opentelemetry/api'], peers: ['@opentelemetry/api'], loaded: ['@opentelemetry/api'] },
  testing: {
    imports: [core],
    // The conformance suites and the simulator speak to real sockets; the rest runs on every runtime.
    node: (file) => isSuite(file) || isSimulator(file),
    inside: (from, to) => (isSuite(from) || !isSuite(to)) && (isSimulator(from) || !isSimulator(to)),
  },
};

/** What is wrong with an import, in words. */
function violation(boundary: Boundary, files: readonly string[], file: string, imported: Import) {
  const { name } = imported;
  if (name.startsWith('.')) {
    const target = posix.join(posix.dirname(file), name);
    if (target.startsWith('..')) return 'leaves the package';
    if (!files.includes(target)) return 'is no source file of the package';
    return boundary.inside?.(file, target) === false ? 'is not for this file' : undefined;
  }
  if (isNode(name)) return boundary.node?.(file, imported) ? undefined : 'ties this file to Node';
  if (imported.isComputed && boundary.opens === file) return undefined;
  if (!boundary.imports.includes(packageOf(name))) return 'is not for this package';
  const typesAlone = boundary.peers?.includes(packageOf(name)) && !boundary.loaded?.includes(packageOf(name));
  if (typesAlone && !imported.typeOnly) return 'is a peer: import its types alone';
  return undefined;
}

function sourcesOf({ path }: Package) {
  return filesBelow(join(path, 'src'))
    .filter((file) => !isTest(file))
    .map((file) => ({ file, text: readFileSync(join(path, 'src', file), 'utf8') }));
}

describe.each(packages.map((one) => [one.manifest.name, one] as const))('%s', (_name, one) => {
  const { folder, manifest } = one;
  const boundary = boundaries[folder];

  it('imports only what the table allows', () => {
    if (boundary === undefined) return expect.unreachable(`test/rules/boundaries.test.ts has no row for ${folder}`);
    const sources = sourcesOf(one);
    const files = sources.map(({ file }) => file);
    expect(files).toContain('index.ts');
    const violations = sources.flatMap(({ file, text }) =>
      importsOf(file, text).flatMap((imported) => {
        const wrong = violation(boundary, files, file, imported);
        return wrong ? [`packages/${folder}/src/${file}:${imported.line} "${imported.name}" ${wrong}`] : [];
      }),
    );
    expect(violations).toEqual([]);
  });

  it('declares what it imports, and nothing else', () => {
    const imported = sourcesOf(one)
      .flatMap(({ file, text }) => importsOf(file, text))
      .filter(({ isComputed }) => !isComputed)
      .map(({ name }) => name)
      .filter((name) => !name.startsWith('.') && !isNode(name))
      .map(packageOf);
    const peers = boundary?.peers ?? [];
    const wanted = new Set([...imported.filter((name) => !peers.includes(name)), ...(boundary?.alongside ?? [])]);
    expect(Object.keys(manifest.dependencies).sort()).toEqual([...wanted].sort());
    expect(Object.keys(manifest.peerDependencies)).toEqual(peers);
    // What tests import is declared too, so that it is not found by luck.
    expect(Object.keys(manifest.devDependencies)).toEqual(expect.arrayContaining([...peers]));
  });

  it('has a manifest that can be published', () => {
    expect(manifest).toMatchObject({
      name: `@hookproof/${folder}`,
      type: 'module',
      license: 'MIT',
      sideEffects: false,
      engines: { node: '>=20.19' },
      files: ['dist', '!dist/.tsbuildinfo', 'src', '!src/**/*.test.ts', '!src/**/*.test-d.ts'],
      publishConfig: { access: 'public', provenance: true },
      repository: { directory: `packages/${folder}` },
      exports: { './package.json': './package.json' },
    });
    for (const [subpath, conditions] of Object.entries(manifest.exports)) {
      if (subpath === './package.json') continue;
      const file = subpath === '.' ? 'index' : subpath.slice(2);
      expect(Object.entries(conditions)).toEqual([
        ['@hookproof/source', `./src/${file}.ts`],
        ['types', `./dist/${file}.d.ts`],
        ['default', `./dist/${file}.js`],
      ]);
    }
    const own = Object.entries(manifest.dependencies).filter(([name]) => name.startsWith('@hookproof/'));
    expect(own.every(([, range]) => range === 'workspace:^')).toBe(true);
  });

  it('is built and released with the others', () => {
    const { config } = ts.readConfigFile(join(root, 'tsconfig.build.json'), ts.sys.readFile);
    expect(config.references).toContainEqual({ path: `packages/${folder}` });
    const changesets = JSON.parse(readFileSync(join(root, '.changeset', 'config.json'), 'utf8'));
    expect(changesets.fixed).toEqual([expect.arrayContaining([manifest.name])]);
  });
});

describe('the check itself', () => {
  const kinds = `
    import 'a'; import b from 'b'; import type { C } from 'c'; import { type D } from 'd';
    export * from 'e'; export type { F } from 'f'; type G = import('g').G;
    const h = await import('h'); const i = require('i'); import j = require('j');
    declare module 'k' {}
    const l = await import(name);
  `;

  it('sees every way to import', () => {
    const found = importsOf('x.ts', `/// <reference types="m" />\n${kinds}`);
    expect(found.map(({ name }) => name)).toEqual([...'abcdefghijk', 'name', 'm']);
    expect(found.filter(({ typeOnly }) => typeOnly).map(({ name }) => name)).toEqual([...'cfgkm']);
    expect(found.filter(({ isComputed }) => isComputed).map(({ name }) => name)).toEqual(['name']);
  });

  const files = [
    'sqlite/engine.ts',
    'redis.ts',
    'index.ts',
    'receiver.ts',
    'conformance.ts',
    'samples.ts',
    'providers/a.ts',
    'providers/b.ts',
  ];

  it.each([
    ['core', 'receiver.ts', './providers/a.ts'],
    ['core', 'receiver.ts', './index.ts'],
    ['core', 'receiver.ts', 'node:crypto'],
    ['core', 'receiver.ts', 'crypto'],
    ['core', 'receiver.ts', '@hookproof/testing'],
    ['core', 'providers/a.ts', './b.ts'],
    ['core', 'providers/a.ts', '../index.ts'],
    ['express', 'index.ts', '../../core/src/receiver.ts'],
    ['express', 'index.ts', '@hookproof/fastify'],
    ['express', 'index.ts', 'fastify'],
    ['express', 'index.ts', 'express'],
    ['express', 'index.ts', 'node:fs'],
    ['fastify', 'index.ts', 'express'],
    ['hono', 'index.ts', 'node:http'],
    ['hono', 'index.ts', 'hono-other'],
    ['hono', 'index.ts', './receiver.js'],
    ['inbox', 'redis.ts', './sqlite/engine.ts'],
    ['inbox', 'sqlite/engine.ts', '../redis.ts'],
    ['inbox', 'redis.ts', '@hookproof/express'],
    ['otel', 'index.ts', '@opentelemetry/sdk-trace-base'],
    ['otel', 'index.ts', '@hookproof/express'],
    ['testing', 'index.ts', 'node:http'],
    ['testing', 'index.ts', '@hookproof/express'],
    ['testing', 'samples.ts', './conformance.ts'],
  ])('%s: %s may not import %s', (folder, file, name) => {
    expect(
      violation(boundaries[folder] ?? { imports: [] }, files, file, {
        name,
        typeOnly: false,
        isComputed: false,
        line: 1,
      }),
    ).toBeDefined();
  });
});
