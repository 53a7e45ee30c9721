import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vitest/config';

// Not 'module', which only bundlers know: what tests load is what Node loads.
const conditions = ['@hookproof/source', 'node', 'development|production'];

export default defineConfig({
  resolve: { conditions },
  ssr: { resolve: { conditions } },
  test: {
    // The last is for a package's own `test`: vitest finds this file from there, and takes the package for the root.
    include: ['packages/*/src/**/*.test.ts', 'examples/*/**/*.test.ts', 'test/**/*.test.ts', 'src/**/*.test.ts'],
    exclude: ['**/node_modules/**', '**/dist/**', 'test/campaigns/wild/{apps,situations}/**'],
    // With --typecheck; what is no test is checked by `check:types`.
    typecheck: {
      enabled: false,
      tsconfig: fileURLToPath(new URL('tsconfig.json', import.meta.url)),
      ignoreSourceErrors: true,
    },
    // Of core by its own tests: `pnpm coverage`.
    coverage: {
      provider: 'v8',
      reporter: ['text'],
      include: ['packages/core/src/**/*.ts'],
      exclude: ['**/*.test.ts', '**/*.test-d.ts'],
    },
  },
});
