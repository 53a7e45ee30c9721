import { defineConfig } from 'vitest/config';
import config from '../../../vitest.config.ts';

// Core by its own tests alone: what only an adapter's test would see is not tested well enough. Stryker runs tests in
// threads, where a time zone cannot be set: envelope.test.ts does that, and none of the mutated files needs it.
export default defineConfig({
  ...config,
  test: {
    ...config.test,
    include: ['packages/core/src/**/*.test.ts'],
    exclude: ['**/node_modules/**', 'packages/core/src/event/envelope.test.ts'],
  },
});
