import assert from 'node:assert/strict';
import { setTimeout as wait } from 'node:timers/promises';
import type { Receiver, Row } from '../row.ts';

/** As `apps/express.cjs` has them. */
const receivers: readonly Receiver[] = (
  [
    { name: 'at the root', provider: 'grantex', path: '/webhooks/grantex' },
    { name: 'mounted', provider: 'gravv', path: '/mounted' },
    { name: 'route handler', provider: 'gravv', path: '/routed/acme' },
    { name: 'in a router', provider: 'grantiva', path: '/api/webhooks/grantiva' },
    { name: 'route handler of a router', provider: 'grantex', path: '/api/hooks' },
    { name: 'route handler of a router’s root', provider: 'grantiva', path: '/rooted' },
    { name: 'mounted on a parameter', provider: 'grantex', path: '/in/acme' },
    { name: 'route handler of a parameter', provider: 'gravv', path: '/acme' },
  ] as const
).map((receiver) => ({ ...receiver, ownGet: true }));

/** As `apps/express-middlewares.cjs` has them. */
const amidMiddlewares: readonly Receiver[] = [
  { name: 'at the root', provider: 'grantex', path: '/webhooks/grantex', ownGet: true },
  { name: 'mounted', provider: 'gravv', path: '/mounted', ownGet: true },
  { name: 'route handler', provider: 'grantiva', path: '/routed/acme', ownGet: true },
];

/** What wraps Express, loaded before it, and set up so that nothing leaves this machine. */
interface Wrapper {
  readonly around: string;
  /** The end of the situation's name; of the situation without anything by default. */
  readonly situation?: string;
  readonly package: string;
  /** Node's options that load it. */
  readonly load?: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  /** The major versions of Express that it is for. */
  readonly majors?: readonly string[];
  readonly sample?: true;
}

const datadog = {
  package: 'dd-trace',
  load: ['-r', 'dd-trace/init'],
  env: {
    DD_INSTRUMENTATION_TELEMETRY_ENABLED: 'false',
    DD_REMOTE_CONFIGURATION_ENABLED: 'false',
    DD_TRACE_EXPERIMENTAL_EXPORTER: 'log',
  },
};

const wrappers: readonly Wrapper[] = [
  {
    around: 'New Relic',
    situation: 'newrelic',
    package: 'newrelic',
    sample: true,
    load: ['-r', 'newrelic'],
    env: {
      NEW_RELIC_NO_CONFIG_FILE: 'true',
      NEW_RELIC_APP_NAME: 'wild',
      NEW_RELIC_LICENSE_KEY: '0'.repeat(40),
      NEW_RELIC_HOST: '127.0.0.1',
      NEW_RELIC_PORT: '9',
      NEW_RELIC_LOG_ENABLED: 'false',
    },
  },
  { around: 'Datadog', situation: 'dd-trace4', ...datadog },
  { around: 'Datadog', situation: 'dd-trace5.52', sample: true, ...datadog },
  { around: 'Datadog', situation: 'dd-trace5', ...datadog },
  {
    around: 'OpenTelemetry',
    situation: 'opentelemetry',
    package: '@opentelemetry/auto-instrumentations-node',
    load: ['-r', '@opentelemetry/auto-instrumentations-node/register'],
    env: {
      OTEL_TRACES_EXPORTER: 'console',
      OTEL_METRICS_EXPORTER: 'none',
      OTEL_LOGS_EXPORTER: 'none',
      OTEL_NODE_RESOURCE_DETECTORS: 'none',
      OTEL_BSP_SCHEDULE_DELAY: '100',
    },
  },
  { around: 'Sentry', situation: 'sentry', package: '@sentry/node', load: ['--import', './apps/sentry.cjs'] },
  {
    around: 'Elastic APM',
    situation: 'elastic',
    package: 'elastic-apm-node',
    load: ['-r', './apps/elastic.cjs'],
  },
  {
    around: 'express-async-errors',
    package: 'express-async-errors',
    load: ['-r', 'express-async-errors'],
    majors: ['4'],
    sample: true,
  },
];

/** Another function stands in the route, or what was traced names it: the app itself never does. */
const isAtWork = /"isWrapped":true|\/routed\/:tenant/;

function rowOf(major: string, wrapper: Wrapper): Row {
  const { around, situation, load, env, sample } = wrapper;
  return {
    around: `Express ${major} with ${around}`,
    situation: situation === undefined ? `express${major}` : `express${major}-${situation}`,
    versions: ['express', wrapper.package],
    start: ['node', ...(load ?? []), 'apps/express.cjs'],
    ...(env && { env }),
    ...(sample && { sample }),
    receivers,
    checks: (app) => [
      [
        'the wrapper is at work',
        async () => {
          while (!isAtWork.test(app.output())) await wait(100);
        },
      ],
    ],
  };
}

function middlewaresRow(major: string, side: 'before' | 'after'): Row {
  return {
    around: `Express ${major} ${side === 'before' ? 'behind' : 'before'} 28 middlewares`,
    situation: `express${major}-middlewares`,
    versions: ['express', 'helmet', 'compression', 'express-session'],
    start: ['node', 'apps/express-middlewares.cjs'],
    env: { WILD_SIDE: side },
    receivers: amidMiddlewares,
    ...(side === 'before' && major === '5' && { sample: true }),
    checks: ({ origin }, { send }) =>
      Object.entries({
        'GET /page.txt': [200, /^a page$/],
        'GET /docs/': [200, /swagger/i],
        'GET /service': [200, /^service GET$/],
        'POST /judged': [401, /^$/],
        'GET /nowhere': [404, /Cannot GET/],
      } as const).map(([title, [status, body]]) => [
        `the app's own ${title}`,
        async () => {
          const [method = '', path] = title.split(' ');
          const got = await send(`${origin}${path}`, { method, headers: {}, body: new Uint8Array() });
          assert.equal(got.status, status);
          assert.match(got.body, body);
        },
      ]),
  };
}

export const expressRows: readonly Row[] = ['4', '5'].flatMap((major): Row[] => [
  {
    around: `Express ${major} alone`,
    situation: `express${major}`,
    versions: ['express'],
    start: ['node', 'apps/express.cjs'],
    receivers,
    sample: true,
  },
  {
    around: `Express ${major} with express-promise-router`,
    situation: `express${major}`,
    versions: ['express', 'express-promise-router'],
    start: ['node', 'apps/express.cjs'],
    env: { WILD_ROUTER: 'express-promise-router' },
    receivers,
    sample: true,
  },
  middlewaresRow(major, 'before'),
  middlewaresRow(major, 'after'),
  ...wrappers.filter(({ majors }) => majors?.includes(major) ?? true).map((wrapper) => rowOf(major, wrapper)),
]);
