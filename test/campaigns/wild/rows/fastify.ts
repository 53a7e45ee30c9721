import type { Row } from '../row.ts';

export const fastifyRows: readonly Row[] = [
  {
    around: 'Fastify alone',
    situation: 'fastify',
    versions: ['fastify'],
    start: ['node', 'apps/fastify.cjs'],
    receivers: [
      { name: 'at the root', provider: 'grantex', path: '/webhooks/grantex', ownGet: true },
      { name: 'with a prefix', provider: 'gravv', path: '/api/webhooks/gravv', ownGet: true },
      { name: 'on a path', provider: 'grantiva', path: '/hooks', ownGet: true },
    ],
    sample: true,
  },
];
