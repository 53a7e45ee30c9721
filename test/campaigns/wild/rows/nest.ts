import type { Row } from '../row.ts';

export const nestRows: readonly Row[] = ['express', 'fastify'].map((platform) => ({
  around: `Nest on ${platform}`,
  situation: 'nest',
  versions: ['@nestjs/core', platform],
  start: ['node', 'apps/nest.cjs'],
  env: { WILD_PLATFORM: platform },
  receivers: [
    { name: 'before the app', provider: 'grantex', path: '/webhooks/grantex' },
    { name: 'in a module', provider: 'gravv', path: '/webhooks/gravv' },
  ],
}));
