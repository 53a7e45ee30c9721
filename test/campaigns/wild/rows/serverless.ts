import type { Row } from '../row.ts';

/** Left out: @codegenie/serverless-express 5, which needs Node 24. */
const lambdas = ['serverless-http', '@codegenie/serverless-express', '@fastify/aws-lambda'] as const;

const lambdaRows = lambdas.map(
  (name): Row => ({
    around: `${name} in a Lambda`,
    situation: 'lambda',
    versions: [name, name.includes('fastify') ? 'fastify' : 'express'],
    start: ['node', 'apps/lambda.cjs'],
    env: { WILD_LAMBDA: name },
    receivers: [
      { name: 'at the root', provider: 'grantex', path: '/webhooks/grantex' },
      { name: 'route handler', provider: 'gravv', path: '/hooks/acme' },
    ],
    sample: true,
  }),
);

const vercel = { situation: 'vercel', versions: ['@vercel/node'], start: ['node', 'apps/vercel.mjs'] } as const;

const vercelRows: readonly Row[] = [
  {
    ...vercel,
    around: 'Vercel, a function for POST',
    env: { WILD_FUNCTION: 'apps/vercel/fetch.mjs' },
    receivers: [{ name: 'fetch', provider: 'grantex', path: '/api/hooks' }],
    sample: true,
  },
  {
    ...vercel,
    around: 'Vercel, a listener without helpers',
    env: { WILD_FUNCTION: 'apps/vercel/listener.mjs', NODEJS_HELPERS: '0' },
    receivers: [{ name: 'listener', provider: 'grantex', path: '/api/hooks' }],
  },
  {
    ...vercel,
    around: 'Vercel, a listener with helpers, which read the body',
    env: { WILD_FUNCTION: 'apps/vercel/listener.mjs', NODE_ENV: 'development' },
    receivers: [],
    checks: (app, { newDelivery, send }) => [
      [
        'is told what to set, also where the JSON is wrong, and goes on',
        async () => {
          const delivery = await newDelivery('grantex');
          for (const body of [delivery.body, Buffer.from('{"not":'), delivery.body]) {
            const got = await send(`${app.origin}/api/hooks`, { ...delivery, body });
            if (!got.body.includes('"body_consumed"')) throw new Error(`${got.status} ${got.body}`);
          }
          const said = app.complaints();
          if (!said.includes('NODEJS_HELPERS=0')) throw new Error(`it says: ${said}`);
        },
      ],
    ],
  },
];

export const serverlessRows: readonly Row[] = [...lambdaRows, ...vercelRows];
