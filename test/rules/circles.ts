import { readdirSync, readFileSync } from 'node:fs';
import { join, posix } from 'node:path';
import { importsOf, packageOf } from './imports.ts';
import { filesBelow, packages, root } from './workspace.ts';

/** For every file, the files that it imports, its types among them: paths from the root. */
export type ImportGraph = ReadonlyMap<string, readonly string[]>;

/** Where our TypeScript is, besides the root. */
const trees = [...packages.map(({ folder }) => `packages/${folder}/src`), 'bench/src', 'examples', 'test'];

/** Reads who imports whom in the whole repository. */
export function readImportGraph(): ImportGraph {
  const below = trees.flatMap((tree) => filesBelow(join(root, tree)).map((file) => `${tree}/${file}`));
  const files = [...readdirSync(root), ...below];
  return new Map(
    files
      .filter((file) => /\.[cm]?tsx?$/.test(file))
      .map((file) => [
        file,
        importsOf(file, readFileSync(join(root, file), 'utf8')).flatMap(({ name }) => fileOf(file, name) ?? []),
      ]),
  );
}

/** The file of ours that an import leads to; undefined for other packages. */
function fileOf(from: string, name: string): string | undefined {
  if (name.startsWith('.')) return posix.join(posix.dirname(from), name);
  const one = packages.find(({ manifest }) => manifest.name === packageOf(name));
  const conditions = one?.manifest.exports[`.${name.slice(one.manifest.name.length)}`];
  const source = typeof conditions === 'object' ? conditions['@hookproof/source'] : undefined;
  return one && source && posix.join('packages', one.folder, source);
}

/** The shortest circle through every import that is part of one, each told once: `a.ts → b.ts → a.ts`. */
export function circlesIn(graph: ImportGraph): readonly string[] {
  const circles = new Set<string>();
  for (const [file, imported] of graph) {
    for (const target of imported) {
      const back = shortestWay(graph, target, file);
      if (back !== undefined) circles.add(tellFromFirst(back));
    }
  }
  return [...circles].sort();
}

/** The files from one to another, both included; undefined where no way leads there. */
function shortestWay(graph: ImportGraph, from: string, to: string): readonly string[] | undefined {
  const cameFrom = new Map<string, string | undefined>([[from, undefined]]);
  // A map is walked through in the order of insertion, what is added meanwhile included.
  for (const [file] of cameFrom) {
    if (file === to) return wayTo(file, cameFrom);
    for (const next of graph.get(file) ?? []) if (!cameFrom.has(next)) cameFrom.set(next, file);
  }
  return undefined;
}

function wayTo(file: string, cameFrom: ReadonlyMap<string, string | undefined>): readonly string[] {
  const before = cameFrom.get(file);
  return before === undefined ? [file] : [...wayTo(before, cameFrom), file];
}

/** A circle has no beginning: the first by name is told first, so that it is told the same from wherever it is found. */
function tellFromFirst(files: readonly string[]): string {
  const [first = ''] = files.toSorted();
  const at = files.indexOf(first);
  return [...files.slice(at), ...files.slice(0, at), first].join(' → ');
}
