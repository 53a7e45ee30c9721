import type { Row } from '../row.ts';

/**
 * Frameworks without an adapter of their own, each as its recipe has it. Left out: raw-body 4, which needs Node 22; Bun.serve and
 * Elysia on it, because Bun is tested by `runtimes`.
 */
export const otherRows: readonly Row[] = [
  {
    around: 'Koa with raw-body, before @koa/bodyparser',
    situation: 'koa',
    versions: ['koa', 'raw-body', '@koa/bodyparser'],
    start: ['node', 'apps/koa.mjs'],
    receivers: [
      { name: 'grantex', provider: 'grantex', path: '/webhooks/grantex' },
      { name: 'gravv', provider: 'gravv', path: '/webhooks/gravv' },
    ],
    sample: true,
  },
  {
    around: 'h3',
    situation: 'h3',
    versions: ['h3'],
    start: ['node', 'apps/h3.mjs'],
    receivers: [
      { name: 'on a route', provider: 'grantex', path: '/webhooks/grantex' },
      { name: 'for all methods', provider: 'gravv', path: '/webhooks/gravv' },
    ],
    sample: true,
  },
  {
    around: 'Nitro, built',
    situation: 'nitro',
    versions: ['nitropack'],
    env: { HOST: '127.0.0.1', PORT: '0' },
    prepare: [['nitropack', 'build', '--dir', 'apps/nitro']],
    start: ['node', 'apps/listens.cjs', 'node', 'apps/nitro/.output/server/index.mjs'],
    receivers: [{ name: 'route', provider: 'grantex', path: '/webhooks/grantex' }],
    seconds: 120,
  },
  {
    around: 'Elysia on its adapter for Node',
    situation: 'elysia',
    versions: ['elysia', '@elysiajs/node'],
    start: ['node', 'apps/elysia.mjs'],
    receivers: [
      { name: 'on a route', provider: 'grantex', path: '/webhooks/grantex' },
      { name: 'mounted', provider: 'gravv', path: '/webhooks/gravv' },
    ],
  },
];
