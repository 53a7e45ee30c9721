import { join } from 'node:path';
import ts from 'typescript';
import { root } from './workspace.ts';

/** The declarations that an app of one file gets, and what TypeScript says against them. */
export function compile(code: string): { readonly declarations: string; readonly problems: readonly string[] } {
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
