import type { Row } from '../row.ts';

/** Of Node's types, those that go with each line of Node. */
const nodes = ['20', '22', '24'] as const;

/** Of TypeScript, the lowest that is stated, and those in use; 5.4 infers less, and cannot read what Hono and pg declare. */
const compilers = [
  ['5.4', 'tsconfig.5.4.json'],
  ['5.7', 'tsconfig.json'],
  ['5.9', 'tsconfig.json'],
  ['6.0', 'tsconfig.json'],
] as const;

export const typesRows: readonly Row[] = nodes.flatMap((node) =>
  compilers.map(
    ([compiler, config]): Row => ({
      around: `TypeScript ${compiler} without the DOM, with the types of Node ${node}`,
      situation: `types${node}`,
      versions: [`typescript-${compiler}`, '@types/node'],
      run: ['node', `node_modules/typescript-${compiler}/lib/tsc.js`, '-p', `apps/types/${config}`],
      // The lowest that is stated; others are compiled with where the packages are packed.
      ...(node === '20' && compiler === '5.7' && { sample: true as const }),
      seconds: 120,
    }),
  ),
);
