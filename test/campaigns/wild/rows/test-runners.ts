import type { Row } from '../row.ts';

const situation = 'test-runners';

// Left out: inject under Jest below Node 24.9, where a package of Fastify’s own is an ES module that Jest cannot require.
export const testRunnerRows: readonly Row[] = [
  {
    around: 'Jest over CommonJS, with supertest',
    situation,
    versions: ['jest', 'supertest', 'express'],
    run: ['jest', '--config', 'apps/tests/jest.config.mjs', '--testMatch', '**/*.test.js'],
    sample: true,
  },
  {
    around: 'Jest with ts-jest over CommonJS, with supertest',
    situation,
    versions: ['jest', 'ts-jest', 'supertest', 'express'],
    run: ['jest', '--config', 'apps/tests/ts-jest.config.mjs', '--testMatch', '**/*.test.ts'],
  },
  {
    around: 'node:test, with fetch and inject',
    situation,
    versions: ['express', 'fastify'],
    run: ['node', '--test', 'apps/tests/node.test.mjs'],
    sample: true,
  },
];
