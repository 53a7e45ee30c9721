import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import ts from 'typescript';
import { describe, expect, it, vi } from 'vitest';
import { filesBelow, isTest, root } from './workspace.ts';

// The first snippet of a framework waits until all its declarations are checked.
vi.setConfig({ testTimeout: 60_000 });

/** A code block of a page or of a docstring. */
interface Snippet {
  readonly file: string;
  /** Where its code begins, counted from 1. */
  readonly line: number;
  readonly language: 'ts' | 'tsx' | 'js';
  /** A counterexample, marked `ts wrong`: it need not compile. */
  readonly wrong: boolean;
  readonly code: string;
}

const marks = new Map<string, Pick<Snippet, 'language' | 'wrong'>>(
  (['ts', 'tsx', 'js'] as const).flatMap((language) => [
    [language, { language, wrong: false }],
    [`${language} wrong`, { language, wrong: true }],
  ]),
);

/** Marks that mean TypeScript or JavaScript. One that is not in `marks` would go unchecked, so it fails. */
const code = /^(typescript|javascript|[cm]?[jt]sx?)\b/i;

/** Finds the code blocks of a page; in source files, those of docstrings, whose lines begin with ` * `. */
function snippetsOf(file: string, text: string): Snippet[] {
  const snippets: Snippet[] = [];
  let block: { indent: string; fence: string; mark: string; line: number; lines: string[] } | undefined;
  for (const [index, full] of text.split(/\r?\n/).entries()) {
    const line = file.endsWith('.ts') ? full.match(/^\s*\* ?(.*)$/)?.[1] : full;
    if (block === undefined) {
      const [, indent = '', fence, mark = ''] = line?.match(/^(\s*)(```+|~~~+)\s*(.*?)\s*$/) ?? [];
      if (fence !== undefined) block = { indent, fence, mark, line: index + 2, lines: [] };
    } else if (line === undefined) {
      throw new Error(`${file}:${block.line}: the code block does not end`);
    } else if (line.trim() !== block.fence) {
      block.lines.push(line.startsWith(block.indent) ? line.slice(block.indent.length) : line);
    } else {
      const kind = marks.get(block.mark);
      if (kind !== undefined) snippets.push({ file, line: block.line, ...kind, code: block.lines.join('\n') });
      else if (code.test(block.mark)) {
        throw new Error(`${file}:${block.line - 1}: mark it as one of ${[...marks.keys()].join(', ')}`);
      }
      block = undefined;
    }
  }
  if (block !== undefined) throw new Error(`${file}:${block.line}: the code block does not end`);
  return snippets;
}

/** Pages and sources, as paths from the root. */
function documents(): string[] {
  const top = readdirSync(root).filter((file) => file.endsWith('.md'));
  const below = ['docs', 'packages', 'examples'].flatMap((folder) =>
    filesBelow(join(root, folder)).map((file) => `${folder}/${file}`),
  );
  const source = /^packages\/[^/]+\/src\/.*\.ts$/;
  return [...top, ...below].filter((file) => file.endsWith('.md') || (source.test(file) && !isTest(file)));
}

const options: ts.CompilerOptions = {
  target: ts.ScriptTarget.ES2023,
  module: ts.ModuleKind.NodeNext,
  moduleResolution: ts.ModuleResolutionKind.NodeNext,
  moduleDetection: ts.ModuleDetectionKind.Force,
  customConditions: ['@hookproof/source'],
  lib: ['lib.es2023.d.ts', 'lib.dom.d.ts', 'lib.dom.iterable.d.ts'],
  types: ['node'],
  jsx: ts.JsxEmit.Preserve,
  strict: true,
  experimentalDecorators: true, // Nest's
  checkJs: true,
  noEmit: true,
  allowImportingTsExtensions: true,
  skipLibCheck: true,
};

/** Compiles snippets in one program and returns what is wrong with each, by file and line of the document. */
function compile(snippets: readonly Snippet[]): (snippet: Snippet) => string[] {
  // The files exist in memory alone, in a folder from which imports are resolved as in test/.
  const folder = join(root, 'test', '.tmp').replaceAll('\\', '/');
  const paths = new Map(snippets.map((one, index) => [one, `${folder}/snippet-${index}.${one.language}`]));
  const texts = new Map([...paths].map(([one, path]) => [path, one.code]));
  const host = ts.createCompilerHost(options);
  const { fileExists, readFile } = host;
  host.fileExists = (path) => texts.has(path) || fileExists(path);
  host.readFile = (path) => texts.get(path) ?? readFile(path);
  const ambient = join(root, 'test', 'rules', 'snippets-ambient.d.ts');
  const program = ts.createProgram({ rootNames: [ambient, ...texts.keys()], options, host });
  return (snippet) => {
    const source = program.getSourceFile(paths.get(snippet) ?? '');
    const found = [...program.getSyntacticDiagnostics(source), ...program.getSemanticDiagnostics(source)];
    return found.map(({ messageText, start = 0 }) => {
      const line = snippet.line + (source?.getLineAndCharacterOfPosition(start).line ?? 0);
      return `${snippet.file}:${line}: ${ts.flattenDiagnosticMessageText(messageText, '\n')}`;
    });
  };
}

const broken = snippetsOf(
  'broken.md',
  [
    '1. Indented, wrong in the fifth line:',
    '   ```ts',
    "   import { createReceiver, grantex } from '@hookproof/core';",
    '   const receiver = createReceiver({ provider: grantex(), secret: "s", on: {',
    "     'grant.revoked': ({ data }) => data.cascade.toFixed(),",
    '   } });',
    '   ```',
  ].join('\n'),
);

const snippets = documents().flatMap((file) => snippetsOf(file, readFileSync(join(root, file), 'utf8')));
const problemsOf = compile([...snippets, ...broken]);

describe('snippets compile', () => {
  for (const snippet of snippets) {
    const name = `${snippet.file}:${snippet.line}`;
    if (!snippet.wrong) it(name, () => expect(problemsOf(snippet)).toEqual([]));
  }
});

describe('the check itself', () => {
  it('names file and line of what is wrong', () => {
    expect(broken.flatMap(problemsOf)).toEqual([
      expect.stringMatching(/^broken\.md:5: Property 'toFixed' does not exist on type 'boolean'/),
    ]);
  });

  it('reads docstrings, and no other comment', () => {
    const text = ['/**', ' * ```ts', ' * f();', ' *', ' *   g();', ' * ```', ' */', '// ```ts', 'h();'].join('\n');
    expect(snippetsOf('a.ts', text)).toEqual([
      { file: 'a.ts', line: 3, language: 'ts', wrong: false, code: 'f();\n\n  g();' },
    ]);
  });

  it('knows counterexamples, and ignores other languages', () => {
    const text = '```ts wrong\nf(;\n```\n```sh\nls\n```\n````js\n```\n````\n';
    expect(snippetsOf('a.md', text).map(({ wrong, code }) => [wrong, code])).toEqual([
      [true, 'f(;'],
      [false, '```'],
    ]);
  });

  it.each(['```typescript\n```', '```ts nocheck\n```', '```jsx\n```', '```ts\nf();\n'])('refuses %j', (text) => {
    expect(() => snippetsOf('a.md', text)).toThrow('a.md:');
  });
});
