import type { Row } from '../row.ts';

const middlewares = [
  'logger',
  'compress',
  'timeout',
  'bodyLimit',
  'csrf',
  'etag',
  'requestId',
  'secureHeaders',
  'timing',
] as const;

function rowOf(name: string, chosen: readonly string[]): Row {
  return {
    around: `Hono with ${name}`,
    situation: 'hono',
    versions: ['hono', '@hono/node-server'],
    start: ['node', 'apps/hono.mjs'],
    env: { WILD_MIDDLEWARE: chosen.join(' ') },
    receivers: [
      { name: 'on a route', provider: 'grantex', path: '/webhooks/grantex' },
      { name: 'below a base path', provider: 'gravv', path: '/api/hooks/acme' },
      { name: 'in an app that is mounted', provider: 'grantiva', path: '/mounted/hooks' },
    ],
  };
}

export const honoRows: readonly Row[] = [
  { ...rowOf('all of these middlewares', middlewares), sample: true },
  ...middlewares.map((name) => rowOf(name, [name])),
];
