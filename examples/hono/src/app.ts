import { grantexWebhooks, grantivaWebhooks, gravvWebhooks } from '@hookproof/hono';
import { type Context, Hono } from 'hono';
import { env } from 'hono/adapter';
import { validator } from 'hono/validator';

interface Session {
  readonly device: string;
  readonly grant: string;
}

/** An app where devices sign in with a grant, and money moves. It keeps everything in memory. */
export function createApp(): Hono {
  const blockedDevices = new Set<string>();
  const revokedGrants = new Set<string>();
  const sessions: Session[] = [];
  const ledger: { reference: string | null; amount: string | null }[] = [];
  const allowed = ({ device, grant }: Session) => !blockedDevices.has(device) && !revokedGrants.has(grant);
  const app = new Hono();

  app.post(
    '/webhooks/grantiva',
    grantivaWebhooks({
      secret: secretFrom('GRANTIVA_SECRET'),
      on: { 'device.high_risk': ({ data }) => blockedDevices.add(data.device_id) },
    }),
  );

  app.post(
    '/webhooks/grantex',
    grantexWebhooks({
      secret: secretFrom('GRANTEX_SECRET'),
      signature: 'v2',
      on: { 'grant.revoked': ({ data }) => revokedGrants.add(data.grantId) },
    }),
  );

  app.post(
    '/webhooks/gravv',
    gravvWebhooks({
      secret: secretFrom('GRAVV_SECRET'),
      on: {
        'transfer.status.completed': ({ data }) => {
          // The amount stays a string: a number would round it.
          ledger.push({ reference: data.client_reference ?? null, amount: data.amount ?? null });
        },
      },
    }),
  );

  app.post('/sessions', validator('json', readSession), (c) => {
    const session = c.req.valid('json');
    if (!allowed(session)) return c.json({ error: 'device blocked or grant revoked' }, 403);
    sessions.push(session);
    return c.json(session, 201);
  });

  app.get('/sessions', (c) => c.json(sessions.filter(allowed)));

  app.get('/ledger', (c) => c.json(ledger));

  return app;
}

function readSession({ device, grant }: Partial<Session>, c: Context): Session | Response {
  if (device === undefined || grant === undefined) return c.json({ error: 'device or grant missing' }, 400);
  return { device, grant };
}

/** Reads a secret where the runtime keeps it: the environment of a process, or the bindings of a Worker. */
function secretFrom(name: string): (c: Context) => string {
  return (c) => env<Record<string, string>>(c)[name] ?? '';
}
