import { builtinModules } from 'node:module';
import ts from 'typescript';

/** A module that a file names. */
export interface Import {
  readonly name: string;
  readonly typeOnly: boolean;
  /** Whether it is named by an expression, as in `import(path)`, and `name` is that. */
  readonly isComputed: boolean;
  readonly line: number;
}

/** Every module that a file names, however it does so. */
export function importsOf(file: string, text: string): Import[] {
  const source = ts.createSourceFile(file, text, ts.ScriptTarget.Latest, true);
  const found: Import[] = [];
  const add = (node: ts.Node | undefined, typeOnly: boolean) => {
    if (node === undefined) return;
    const { line } = source.getLineAndCharacterOfPosition(node.getStart());
    const isComputed = !ts.isStringLiteralLike(node);
    found.push({ name: isComputed ? node.getText() : node.text, typeOnly, isComputed, line: line + 1 });
  };
  const visit = (node: ts.Node): void => {
    if (ts.isImportDeclaration(node)) add(node.moduleSpecifier, isTypeImport(node.importClause));
    else if (ts.isExportDeclaration(node)) add(node.moduleSpecifier, node.isTypeOnly);
    else if (ts.isImportTypeNode(node)) add(ts.isLiteralTypeNode(node.argument) ? node.argument.literal : node, true);
    else if (ts.isExternalModuleReference(node)) add(node.expression, false);
    else if (ts.isModuleDeclaration(node) && ts.isStringLiteral(node.name)) add(node.name, true);
    else if (ts.isCallExpression(node) && isImportCall(node.expression)) add(node.arguments[0], false);
    ts.forEachChild(node, visit);
  };
  visit(source);
  for (const { fileName } of [...source.referencedFiles, ...source.typeReferenceDirectives]) {
    found.push({ name: fileName, typeOnly: true, isComputed: false, line: 1 });
  }
  return found;
}

/** With `verbatimModuleSyntax` only `import type` disappears; `import { type A }` still loads the module. */
function isTypeImport(clause: ts.ImportClause | undefined): boolean {
  return clause?.phaseModifier === ts.SyntaxKind.TypeKeyword;
}

function isImportCall(callee: ts.Expression): boolean {
  return callee.kind === ts.SyntaxKind.ImportKeyword || (ts.isIdentifier(callee) && callee.text === 'require');
}

/** `@hookproof/core/x` → `@hookproof/core`. */
export function packageOf(name: string): string {
  const parts = name.split('/');
  return parts.slice(0, name.startsWith('@') ? 2 : 1).join('/');
}

export function isNode(name: string): boolean {
  return name.startsWith('node:') || builtinModules.includes(name);
}
