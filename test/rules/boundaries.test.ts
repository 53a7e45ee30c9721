import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { boundaries, peersOfCore, violation } from './boundaries.ts';
import { hasPlace } from './core-order.ts';
import { importsOf, isNode, packageOf } from './imports.ts';
import { filesBelow, isTest, type Package, packages } from './workspace.ts';

function sourcesOf({ path }: Package) {
  return filesBelow(join(path, 'src'))
    .filter((file) => !isTest(file))
    .map((file) => ({ file, text: readFileSync(join(path, 'src', file), 'utf8') }));
}

describe.each(packages.map((one) => [one.manifest.name, one] as const))('%s', (_name, one) => {
  const { folder, manifest } = one;
  const boundary = boundaries[folder];

  it('imports only what the table allows', () => {
    if (boundary === undefined) return expect.unreachable(`test/rules/boundaries.ts has no row for ${folder}`);
    const sources = sourcesOf(one);
    const files = sources.map(({ file }) => file);
    expect(files).toContain('index.ts');
    const misplaced = files
      .filter((file) => boundary.hasPlace?.(file) === false)
      .map((file) => `packages/${folder}/src/${file} stands in no place of the order`);
    const violations = sources.flatMap(({ file, text }) =>
      importsOf(file, text).flatMap((imported) => {
        const wrong = violation(boundary, files, file, imported);
        return wrong ? [`packages/${folder}/src/${file}:${imported.line} "${imported.name}" ${wrong}`] : [];
      }),
    );
    expect([...misplaced, ...violations]).toEqual([]);
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
    expect(Object.keys(manifest.peerDependencies).sort()).toEqual([...peers, ...(boundary?.given ?? [])].sort());
    const shared = Object.entries(peersOfCore).filter(([name]) => peers.includes(name));
    expect(manifest.peerDependencies).toMatchObject(Object.fromEntries(shared));
    // What tests import is declared too, so that it is not found by luck; what core alone imports is not.
    const used = peers.filter((name) => !Object.hasOwn(peersOfCore, name) || imported.includes(name));
    expect(Object.keys(manifest.devDependencies)).toEqual(expect.arrayContaining(used));
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

  it('is built and tested by the same commands as the others', () => {
    expect(manifest).toMatchObject({ scripts: { build: 'tsc -b', test: 'vitest run --typecheck' } });
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
    ...['sqlite/engine.ts', 'redis.ts', 'conformance.ts', 'samples.ts'],
    ...['error.ts', 'timing/in-time.ts', 'bytes/body.ts', 'proof/scheme.ts', 'proof/sign.ts', 'event/key.ts'],
    ...['provider.ts', 'handling/claims.ts', 'diagnosis/causes.ts', 'report/outcome.ts', 'options.ts', 'verify.ts'],
    ...['receiver.ts', 'providers/a.ts', 'providers/b.ts', 'index.ts', 'adapter.ts', 'inbox.ts', 'odd.ts', 'odd/a.ts'],
  ];
  const verdict = (folder: string, file: string, name: string) => {
    const imported = { name, typeOnly: false, isComputed: false, line: 1 };
    return violation(boundaries[folder] ?? { imports: [] }, files, file, imported);
  };

  it.each([
    ['core', 'receiver.ts', './providers/a.ts'],
    ['core', 'receiver.ts', './index.ts'],
    ['core', 'receiver.ts', 'node:crypto'],
    ['core', 'receiver.ts', 'crypto'],
    ['core', 'receiver.ts', '@hookproof/testing'],
    ['core', 'providers/a.ts', './b.ts'],
    ['core', 'providers/a.ts', '../index.ts'],
    ['core', 'providers/a.ts', '../receiver.ts'],
    ['core', 'providers/a.ts', '../handling/claims.ts'],
    ['core', 'error.ts', './timing/in-time.ts'],
    ['core', 'timing/in-time.ts', '../bytes/body.ts'],
    ['core', 'bytes/body.ts', '../proof/scheme.ts'],
    ['core', 'proof/scheme.ts', '../event/key.ts'],
    ['core', 'proof/scheme.ts', '../provider.ts'],
    ['core', 'event/key.ts', '../provider.ts'],
    ['core', 'provider.ts', './handling/claims.ts'],
    ['core', 'provider.ts', './providers/a.ts'],
    ['core', 'handling/claims.ts', '../report/outcome.ts'],
    ['core', 'handling/claims.ts', '../diagnosis/causes.ts'],
    ['core', 'provider.ts', './diagnosis/causes.ts'],
    ['core', 'providers/a.ts', '../diagnosis/causes.ts'],
    ['core', 'diagnosis/causes.ts', '../report/outcome.ts'],
    ['core', 'diagnosis/causes.ts', '../providers/a.ts'],
    ['core', 'report/outcome.ts', '../options.ts'],
    ['core', 'options.ts', './verify.ts'],
    ['core', 'verify.ts', './receiver.ts'],
    ['core', 'receiver.ts', './adapter.ts'],
    ['core', 'adapter.ts', './index.ts'],
    ['core', 'index.ts', './inbox.ts'],
    ['core', 'receiver.ts', './odd.ts'],
    ['core', 'receiver.ts', './odd/a.ts'],
    ['core', 'odd/a.ts', '../error.ts'],
    ['express', 'index.ts', '../../core/src/receiver.ts'],
    ['express', 'index.ts', '@hookproof/core/inbox'],
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
    ['inbox', 'redis.ts', '@hookproof/core/adapter'],
    ['cli', 'index.ts', '@hookproof/core/adapter'],
    ['endpoints', 'index.ts', '@hookproof/core/adapter'],
    ['otel', 'index.ts', '@opentelemetry/sdk-trace-base'],
    ['otel', 'index.ts', '@hookproof/express'],
    ['testing', 'index.ts', 'node:http'],
    ['testing', 'index.ts', '@hookproof/express'],
    ['testing', 'samples.ts', './conformance.ts'],
  ])('%s: %s may not import %s', (folder, file, name) => {
    expect(verdict(folder, file, name)).toBeDefined();
  });

  it.each([
    ['core', 'proof/sign.ts', './scheme.ts'],
    ['core', 'handling/claims.ts', '../event/key.ts'],
    ['core', 'report/outcome.ts', '../diagnosis/causes.ts'],
    ['core', 'receiver.ts', './verify.ts'],
    ['core', 'providers/a.ts', '../provider.ts'],
    ['core', 'providers/a.ts', '../proof/scheme.ts'],
    ['core', 'index.ts', './providers/a.ts'],
    ['core', 'adapter.ts', './bytes/body.ts'],
    ['express', 'index.ts', '@hookproof/core/adapter'],
    ['endpoints', 'index.ts', '@hookproof/core/inbox'],
    ['otel', 'index.ts', '@hookproof/core/inbox'],
    ['testing', 'samples.ts', '@hookproof/core'],
    ['inbox', 'index.ts', './redis.ts'],
  ])('%s: %s may import %s', (folder, file, name) => {
    expect(verdict(folder, file, name)).toBeUndefined();
  });

  it('knows the places of core, and no others', () => {
    expect(files.filter((file) => !hasPlace(file))).toEqual([
      'sqlite/engine.ts',
      'redis.ts',
      'conformance.ts',
      'samples.ts',
      'odd.ts',
      'odd/a.ts',
    ]);
  });
});
