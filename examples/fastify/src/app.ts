import { grantexWebhooks, grantivaWebhooks, gravvWebhooks } from '@hookproof/fastify';
import Fastify, { type FastifyInstance } from 'fastify';

/** What {@link createApp} needs. */
export interface AppOptions {
  /** The signing secret of each provider. */
  readonly secrets: { readonly grantiva: string; readonly grantex: string; readonly gravv: string };
  readonly logger?: boolean;
}

interface Session {
  readonly device: string;
  readonly grant: string;
}

const sessionSchema = {
  type: 'object',
  required: ['device', 'grant'],
  properties: { device: { type: 'string' }, grant: { type: 'string' } },
};

/** An app where devices sign in with a grant, and money moves. It keeps everything in memory. */
export async function createApp({ secrets, logger = false }: AppOptions): Promise<FastifyInstance> {
  const blockedDevices = new Set<string>();
  const revokedGrants = new Set<string>();
  const sessions: Session[] = [];
  const ledger: { reference: string | null; amount: string | null }[] = [];
  const allowed = ({ device, grant }: Session) => !blockedDevices.has(device) && !revokedGrants.has(grant);
  const app = Fastify({ logger });

  await app.register(grantivaWebhooks, {
    secret: secrets.grantiva,
    on: {
      'device.high_risk': ({ data }, { request }) => {
        request.log.warn({ device: data.device_id, score: data.risk_score }, 'device blocked');
        blockedDevices.add(data.device_id);
      },
    },
  });

  await app.register(grantexWebhooks, {
    path: '/hooks/grants',
    secret: secrets.grantex,
    signature: 'v2',
    on: { 'grant.revoked': ({ data }) => revokedGrants.add(data.grantId) },
  });

  await app.register(gravvWebhooks, {
    secret: secrets.gravv,
    on: {
      'transfer.status.completed': ({ data }) => {
        // The amount stays a string: a number would round it.
        ledger.push({ reference: data.client_reference ?? null, amount: data.amount ?? null });
      },
    },
  });

  // The plugins keep to themselves: these routes have Fastify's own JSON parsing and validation.
  app.post<{ Body: Session }>('/sessions', { schema: { body: sessionSchema } }, async ({ body }, reply) => {
    if (!allowed(body)) return reply.code(403).send({ error: 'device blocked or grant revoked' });
    sessions.push(body);
    return reply.code(201).send(body);
  });

  app.get('/sessions', async () => sessions.filter(allowed));

  app.get('/ledger', async () => ledger);

  return app;
}
