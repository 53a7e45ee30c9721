import { grantexWebhooks } from '@hookproof/hono';
import { Hono } from 'hono';
import { handle } from 'hono/aws-lambda';

const app = new Hono();

app.post(
  '/webhooks/grantex',
  grantexWebhooks({
    secret: () => process.env.GRANTEX_SECRET ?? '',
    on: { 'grant.revoked': ({ data }) => console.log('revoked:', data.grantId) },
  }),
);

export const handler = handle(app);
