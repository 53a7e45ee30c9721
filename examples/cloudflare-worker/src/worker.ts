import { grantexWebhooks, gravvWebhooks } from '@hookproof/hono';
import { type Context, Hono } from 'hono';

/** What `wrangler.jsonc` and the secrets bind. `wrangler types` writes it for a Worker of your own. */
interface Bindings {
  readonly GRANTEX_SECRET: string;
  readonly GRAVV_SECRET: string;
  readonly REVOKED_GRANTS: {
    get(key: string): Promise<string | null>;
    put(key: string, value: string): Promise<void>;
  };
}

type Env = { Bindings: Bindings };

const app = new Hono<Env>();

app.post(
  '/webhooks/grantex',
  grantexWebhooks({
    secret: (c: Context<Env>) => c.env.GRANTEX_SECRET,
    signature: 'v2',
    on: {
      'grant.revoked': ({ data, timestamp }, { request: c }) =>
        c.env.REVOKED_GRANTS.put(data.grantId, timestamp?.toISOString() ?? ''),
    },
    onOutcome: ({ outcome, type, id, durationMs }) => console.log(outcome, type, id, durationMs),
  }),
);

app.post(
  '/webhooks/gravv',
  gravvWebhooks({
    secret: (c: Context<Env>) => c.env.GRAVV_SECRET,
    on: {
      'transfer.status.completed': ({ data }) => console.log('settled', data.client_reference, data.amount),
    },
  }),
);

app.get('/grants/:id', async (c) => {
  const revokedAt = await c.env.REVOKED_GRANTS.get(c.req.param('id'));
  return c.json({ revoked: revokedAt !== null, revokedAt });
});

export default app;
