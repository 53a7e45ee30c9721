import { join } from 'node:path';
import ts from 'typescript';
import { root } from '../../rules/workspace.ts';

/** Every cause that there is, read off the type that users see. */
export const allCauses: readonly string[] = causesOf(
  join(root, 'packages', 'core', 'src', 'diagnosis', 'diagnosis.ts'),
);

function causesOf(file: string): readonly string[] {
  const program = ts.createProgram([file], {
    module: ts.ModuleKind.NodeNext,
    moduleResolution: ts.ModuleResolutionKind.NodeNext,
    lib: ['lib.es2023.d.ts'],
    types: [],
    strict: true,
    noEmit: true,
    allowImportingTsExtensions: true,
    skipLibCheck: true,
  });
  const checker = program.getTypeChecker();
  const source = program.getSourceFile(file);
  const module = source && checker.getSymbolAtLocation(source);
  const symbol = module && checker.getExportsOfModule(module).find(({ name }) => name === 'DiagnosisCause');
  const type = symbol && checker.getDeclaredTypeOfSymbol(symbol);
  if (type === undefined || !type.isUnion()) throw new Error(`${file} has no union DiagnosisCause.`);
  return type.types.flatMap((one) => (one.isStringLiteral() ? [one.value] : []));
}
