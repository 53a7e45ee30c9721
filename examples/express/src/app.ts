import { grantexWebhooks, grantivaWebhooks, gravvWebhooks } from '@hookproof/express';
import express, { type Express } from 'express';

/** The signing secret of each provider. */
export interface Secrets {
  readonly grantiva: string;
  readonly grantex: string;
  readonly gravv: string;
}

interface Session {
  readonly device: string;
  readonly grant: string;
}

/** An app where devices sign in with a grant, and money moves. It keeps everything in memory. */
export function createApp(secrets: Secrets): Express {
  const blockedDevices = new Set<string>();
  const revokedGrants = new Set<string>();
  const sessions: Session[] = [];
  const ledger: { reference: string | null; amount: string | null }[] = [];
  const allowed = ({ device, grant }: Session) => !blockedDevices.has(device) && !revokedGrants.has(grant);
  const app = express();

  // Webhooks stand before express.json(): signatures cover the raw bytes, and a parser would take them.
  app.use(
    grantivaWebhooks({
      secret: secrets.grantiva,
      on: { 'device.high_risk': ({ data }) => blockedDevices.add(data.device_id) },
    }),
    grantexWebhooks({
      secret: secrets.grantex,
      signature: 'v2',
      on: { 'grant.revoked': ({ data }) => revokedGrants.add(data.grantId) },
    }),
    gravvWebhooks({
      secret: secrets.gravv,
      on: {
        'transfer.status.completed': ({ data }) => {
          // The amount stays a string: a number would round it.
          ledger.push({ reference: data.client_reference ?? null, amount: data.amount ?? null });
        },
      },
    }),
  );

  app.use(express.json());

  app.post('/sessions', (request, response) => {
    const { device, grant }: Partial<Session> = request.body ?? {};
    if (device === undefined || grant === undefined)
      return response.status(400).json({ error: 'device or grant missing' });
    if (!allowed({ device, grant })) return response.status(403).json({ error: 'device blocked or grant revoked' });
    sessions.push({ device, grant });
    return response.status(201).json({ device, grant });
  });

  app.get('/sessions', (_request, response) => {
    response.json(sessions.filter(allowed));
  });

  app.get('/ledger', (_request, response) => {
    response.json(ledger);
  });

  return app;
}
