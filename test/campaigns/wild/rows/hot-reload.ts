import type { Row } from '../row.ts';

/** An inbox that lives longer than the module that uses it. */
export const hotReloadRows: readonly Row[] = [
  {
    around: 'Vite, which loads the module anew',
    situation: 'vite',
    versions: ['vite'],
    run: ['node', 'apps/vite.mjs'],
    sample: true,
  },
  {
    around: 'next dev, which loads the module anew',
    situation: 'next',
    versions: ['next'],
    run: ['node', 'apps/next-dev.mjs'],
    seconds: 120,
  },
];
