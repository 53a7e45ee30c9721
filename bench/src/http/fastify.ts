import { grantexWebhooks } from '@hookproof/fastify';
import Fastify, { type FastifyInstance } from 'fastify';
import { schemes } from '../deliveries.ts';
import { verifier } from '../hand-written.ts';
import { handle } from '../handle.ts';
import { accepted, type Contender, type Listen, path, scheme } from './contenders.ts';

const { secret } = schemes[scheme];

/** As Fastify's documentation has it: a content type parser with `parseAs: 'buffer'`, and the reply returned. */
async function byHand(app: FastifyInstance): Promise<void> {
  const verify = verifier(scheme, secret);
  app.addContentTypeParser('application/json', { parseAs: 'buffer' }, (_request, body, done) => done(null, body));
  app.post(path, async ({ body, headers }, reply) => {
    const header = (name: string) => {
      const value = headers[name];
      return typeof value === 'string' ? value : undefined;
    };
    if (!Buffer.isBuffer(body) || !verify(header, body)) return reply.code(401).send({ outcome: 'refused' });
    await handle(JSON.parse(body.toString()));
    return accepted;
  });
}

/** No body and no serialiser: the least that Fastify can do. */
function withoutVerification(app: FastifyInstance): void {
  const text = JSON.stringify(accepted);
  app.addContentTypeParser('application/json', (_request, payload, done) => {
    payload.resume().once('end', () => done(null));
  });
  app.post(path, (_request, reply) => reply.header('content-type', 'application/json').send(text));
}

const on = { 'grant.revoked': handle };

const mount: Readonly<Record<Contender, (app: FastifyInstance) => unknown>> = {
  'hand-written': byHand,
  hookproof: (app) => app.register(grantexWebhooks, { signature: 'v2', secret, on, dedupe: false }),
  'hookproof with dedupe': (app) => app.register(grantexWebhooks, { signature: 'v2', secret, on }),
  'no verification': withoutVerification,
};

export const listen: Listen = async (contender) => {
  const app = Fastify();
  await mount[contender](app);
  await app.listen({ port: 0, host: '127.0.0.1' });
  return app.server.address();
};
