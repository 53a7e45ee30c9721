import { join } from 'node:path';
import ts from 'typescript';
import { expect, it } from 'vitest';
import { root } from './workspace.ts';

const exported = `
  import { createReceiver, type EventOf, grantex, grantiva, gravv } from '@hookproof/core';
  import * as express from '@hookproof/express';
  export const providers = [grantex(), grantiva(), gravv()] as const;
  export const receiver = createReceiver({ provider: grantex(), secret: '', on: {} });
  export const middleware = express.grantexWebhooks({ secret: '', on: {} });
  export const fromExpress = express.gravv();
  export const same = (event: EventOf<ReturnType<typeof grantex>>) => event;
`;

/** The declarations that an app of one file gets, and what TypeScript says against them. */
function declare(code: string): { readonly declarations: string; readonly problems: readonly string[] } {
  // The file exists in memory alone, in a folder from which imports are resolved as in test/.
  const path = join(root, 'test', '.tmp', 'exported.ts').replaceAll('\\', '/');
  const options: ts.CompilerOptions = {
    target: ts.ScriptTarget.ES2023,
    module: ts.ModuleKind.NodeNext,
    customConditions: ['@hookproof/source'],
    types: ['node'],
    strict: true,
    declaration: true,
    emitDeclarationOnly: true,
    allowImportingTsExtensions: true,
    skipLibCheck: true,
  };
  const host = ts.createCompilerHost(options);
  const { fileExists, readFile } = host;
  host.fileExists = (file) => file === path || fileExists(file);
  host.readFile = (file) => (file === path ? code : readFile(file));
  let declarations = '';
  host.writeFile = (_file, text) => {
    declarations += text;
  };
  const program = ts.createProgram({ rootNames: [path], options, host });
  const source = program.getSourceFile(path);
  const { diagnostics } = program.emit(source);
  const problems = [...program.getSemanticDiagnostics(source), ...diagnostics];
  return {
    declarations,
    problems: problems.map(({ messageText }) => ts.flattenDiagnosticMessageText(messageText, '\n')),
  };
}

// Under pnpm the app cannot name zod, which it does not depend on itself, and TypeScript refuses to declare (TS2883).
it('what an app exports of a built-in provider is declared by the names of core, without zod', {
  timeout: 60_000,
}, () => {
  const { declarations, problems } = declare(exported);
  expect(problems).toEqual([]);
  expect(declarations).toMatch(/\bGrantex\b/);
  expect(declarations).not.toMatch(/zod/i);
});
