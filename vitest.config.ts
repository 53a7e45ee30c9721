import { defineConfig } from 'vitest/config';

// Not 'module', which only bundlers know: what tests load is what Node loads.
const conditions = ['@hookproof/source', 'node', 'development|production'];

export default defineConfig({
  resolve: { conditions },
  ssr: { resolve: { conditions } },
  test: {
    include: ['packages/*/src/**/*.test.ts', 'examples/*/**/*.test.ts', 'test/**/*.test.ts'],
    exclude: ['**/node_modules/**', '**/dist/**'],
    typecheck: { enabled: false },
    // Of core by its own tests: `pnpm coverage`.
    coverage: {
      provider: 'v8',
      reporter: ['text'],
      include: ['packages/core/src/**/*.ts'],
      exclude: ['**/*.test.ts', '**/*.test-d.ts'],
    },
  },
});
