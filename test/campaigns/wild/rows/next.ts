import type { Row } from '../row.ts';

const bundlers = ['--turbopack', '--webpack'] as const;

export const nextRows: readonly Row[] = bundlers.map((bundler) => ({
  around: `Next.js, built with ${bundler}`,
  situation: 'next',
  versions: ['next', 'react'],
  env: { NEXT_TELEMETRY_DISABLED: '1', NODE_ENV: 'production' },
  prepare: [
    ['rm', '-rf', 'apps/next/.next'],
    ['next', 'build', bundler, 'apps/next'],
  ],
  start: ['node', 'apps/listens.cjs', 'next', 'start', 'apps/next', '--hostname', '127.0.0.1', '--port', '0'],
  receivers: [
    { name: 'App Router on Node', provider: 'grantex', path: '/hooks/node' },
    { name: 'App Router on the edge', provider: 'gravv', path: '/hooks/edge' },
    { name: 'Pages Router', provider: 'grantiva', path: '/api/hooks/pages' },
    { name: 'middleware', provider: 'gravv', path: '/hooks/middleware' },
  ],
  seconds: 180,
}));
