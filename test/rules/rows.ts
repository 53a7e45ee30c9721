import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import ts from 'typescript';
import { apps } from '../campaigns/attack/apps.ts';
import { installed, leftOut } from '../campaigns/runtimes/packages.ts';
import { runtimes } from '../campaigns/runtimes/runtimes.ts';
import { type Boundary, boundaries } from './boundaries.ts';
import { projects } from './projects.ts';
import { type Package, root } from './workspace.ts';

/**
 * Every place that must know a package and does not, each with what to add there.
 *
 * @param boundary its row in boundaries.ts, which tells whether it is an adapter
 */
export function missingRows(
  { folder, manifest: { name } }: Package,
  boundary: Boundary | undefined = boundaries[folder],
): readonly string[] {
  const missing: string[] = [];
  const demand = (isThere: boolean, file: string, add: string) => {
    if (!isThere) missing.push(`${file} has no row for packages/${folder}: add ${add}`);
  };
  for (const file of ['README.md', 'LICENSE', 'tsconfig.json']) {
    const path = `packages/${folder}/${file}`;
    if (!existsSync(join(root, path))) missing.push(`${path} is missing: copy that of another package`);
  }
  demand(
    boundary !== undefined,
    'test/rules/boundaries.ts',
    `\`${folder}: { imports: [...] }\` to \`rows\`, with \`adapterTo\` where it is an adapter`,
  );
  demand(folder in projects, 'test/rules/projects.ts', `\`${folder}: { own: [...], others: [...] }\` to \`projects\``);
  const program = `test/rules/packed/${folder}.ts`;
  if (!existsSync(join(root, program))) {
    missing.push(`${program} is missing: write what a user of ${name} would, as the programs beside it do`);
  }
  const { references }: { readonly references: readonly { readonly path: string }[] } = readJson('tsconfig.build.json');
  demand(
    references.some(({ path }) => path === `packages/${folder}`),
    'tsconfig.build.json',
    `{ "path": "packages/${folder}" } to "references"`,
  );
  // One group: all packages share one version.
  const { fixed }: { readonly fixed: readonly (readonly string[])[] } = readJson('.changeset/config.json');
  demand(fixed[0]?.includes(name) ?? false, '.changeset/config.json', `"${name}" to the first list of "fixed"`);
  // From there the code blocks of the pages are resolved.
  const { devDependencies }: { readonly devDependencies: object } = readJson('test/package.json');
  demand(name in devDependencies, 'test/package.json', `"${name}": "workspace:*" to "devDependencies"`);
  demand(
    installed.includes(folder) || folder in leftOut,
    'test/campaigns/runtimes/packages.ts',
    `'${folder}' to \`installed\`, or to \`leftOut\` with the reason`,
  );
  if (boundary?.adapterTo === undefined) return missing;
  demand(folder in apps, 'test/campaigns/attack/apps.ts', `an app of ${boundary.adapterTo} to \`apps\``);
  demand(
    runtimes.some(({ ways }) => ways.some((way) => way === folder)),
    'test/campaigns/runtimes/runtimes.ts',
    `'${folder}' to the \`ways\` of the runtimes that ${boundary.adapterTo} runs on, and its app to \`hosts\``,
  );
  return missing;
}

function readJson(file: string) {
  return ts.parseConfigFileTextToJson(file, readFileSync(join(root, file), 'utf8')).config;
}
