import type { Receiver, Row } from '../row.ts';

/** As `apps/express.cjs` has them. */
const receivers: readonly Receiver[] = [
  { name: 'at the root', provider: 'grantex', path: '/webhooks/grantex' },
  { name: 'mounted', provider: 'gravv', path: '/mounted' },
  { name: 'route handler', provider: 'gravv', path: '/routed/acme' },
  { name: 'in a router', provider: 'grantiva', path: '/api/webhooks/grantiva' },
  { name: 'route handler of a router', provider: 'grantex', path: '/api/hooks' },
  { name: 'route handler of a router’s root', provider: 'grantiva', path: '/rooted' },
  { name: 'mounted on a parameter', provider: 'grantex', path: '/in/acme' },
];

const start = ['node', 'apps/express.cjs'] as const;

export const expressRows: readonly Row[] = ['4', '5'].map((major) => ({
  around: `Express ${major} alone`,
  situation: `express${major}`,
  versions: ['express'],
  start,
  receivers,
  sample: true,
}));
