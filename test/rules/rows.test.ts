import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { missingRows } from './rows.ts';
import { packages, readManifest, root } from './workspace.ts';

it.each(packages.map((one) => [one.manifest.name, one] as const))(
  'every place that needs it knows %s',
  (_name, one) => {
    expect(missingRows(one)).toEqual([]);
  },
);

describe('a package that no place knows', () => {
  const path = join(root, 'packages', 'koa');
  const manifest = { ...readManifest(join(root, 'packages', 'hono')), name: '@hookproof/koa' };
  const koa = { folder: 'koa', path, manifest };

  it('is told every row, with its file', () => {
    expect(missingRows(koa)).toEqual([
      'packages/koa/README.md is missing: copy that of another package',
      'packages/koa/LICENSE is missing: copy that of another package',
      'packages/koa/tsconfig.json is missing: copy that of another package',
      'test/rules/boundaries.ts has no row for packages/koa: add `koa: { imports: [...] }` to `rows`, with `adapterTo` where it is an adapter',
      'test/rules/projects.ts has no row for packages/koa: add `koa: { own: [...], others: [...] }` to `projects`',
      'test/rules/packed/koa.ts is missing: write what a user of @hookproof/koa would, as the programs beside it do',
      'tsconfig.build.json has no row for packages/koa: add { "path": "packages/koa" } to "references"',
      '.changeset/config.json has no row for packages/koa: add "@hookproof/koa" to the first list of "fixed"',
      'test/package.json has no row for packages/koa: add "@hookproof/koa": "workspace:*" to "devDependencies"',
      "test/campaigns/runtimes/packages.ts has no row for packages/koa: add 'koa' to `installed`, or to `leftOut` with the reason",
    ]);
  });

  it('is told more where it is an adapter', () => {
    expect(missingRows(koa, { imports: [], adapterTo: 'koa' }).slice(-2)).toEqual([
      'test/campaigns/attack/apps.ts has no row for packages/koa: add an app of koa to `apps`',
      "test/campaigns/runtimes/runtimes.ts has no row for packages/koa: add 'koa' to the `ways` of the runtimes that koa runs on, and its app to `hosts`",
    ]);
  });
});
