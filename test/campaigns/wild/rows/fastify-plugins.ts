import type { Row } from '../row.ts';

/** What `apps/fastify-plugins.cjs` can put around its receivers, by the package or by what a hook does. */
const around = {
  compress: '@fastify/compress',
  multipart: '@fastify/multipart',
  helmet: '@fastify/helmet',
  'rate-limit': '@fastify/rate-limit',
  swagger: '@fastify/swagger',
  'raw-body': 'fastify-raw-body',
  transform: 'a preParsing hook that pipes the body through a stream',
  paused: 'an onRequest hook that pauses the request',
} as const;

const all = Object.entries(around);

function rowOf(name: string, plugins: string, packages: readonly string[]): Row {
  return {
    around: `Fastify with ${name}`,
    situation: 'fastify-plugins',
    versions: ['fastify', ...packages],
    start: ['node', 'apps/fastify-plugins.cjs'],
    env: { WILD_PLUGIN: plugins },
    receivers: [
      { name: 'at the root', provider: 'grantex', path: '/webhooks/grantex' },
      { name: 'with a prefix', provider: 'gravv', path: '/api/webhooks/gravv' },
    ],
    checks: (app, { newDelivery, send }) => [
      [
        'a compressed body is refused at once',
        async () => {
          const { method, headers, body } = await newDelivery('grantex');
          const got = await send(`${app.origin}/webhooks/grantex`, {
            method,
            headers: { ...headers, 'content-encoding': 'gzip' },
            body,
          });
          if (got.status !== 415) throw new Error(`${got.status} ${got.body}`);
        },
      ],
    ],
  };
}

const isPackage = (name: string) => name.includes('fastify');

export const fastifyPluginRows: readonly Row[] = [
  // `fastify-raw-body` and what pipes the body must not both read it.
  {
    ...rowOf(
      'all of these plugins',
      all.flatMap(([plugin, name]) => (isPackage(name) ? [plugin] : [])).join(' '),
      all.flatMap(([, name]) => (isPackage(name) ? [name] : [])),
    ),
    sample: true,
  },
  ...all.map(([plugin, name]) => rowOf(name, plugin, isPackage(name) ? [name] : [])),
  {
    around: 'Fastify over HTTP/2',
    situation: 'fastify-plugins',
    versions: ['fastify'],
    run: ['node', 'apps/fastify-http2.cjs'],
    sample: true,
  },
];
