import { once } from 'node:events';
import { grantexWebhooks } from '@hookproof/express';
import express, { type Express } from 'express';
import { schemes } from '../deliveries.ts';
import { verifier } from '../hand-written.ts';
import { handle } from '../handle.ts';
import { accepted, type Contender, type Listen, path, scheme } from './contenders.ts';

const { secret } = schemes[scheme];

/** As Express's documentation has it: `express.raw()` on the route, `res.json()` for the reply. */
function byHand(app: Express): void {
  const verify = verifier(scheme, secret);
  app.post(path, express.raw({ type: 'application/json' }), async (request, response) => {
    const body: unknown = request.body;
    if (!Buffer.isBuffer(body) || !verify((name) => request.get(name), body)) {
      response.status(401).json({ outcome: 'refused' });
      return;
    }
    await handle(JSON.parse(body.toString()));
    response.json(accepted);
  });
}

/** No parser and no `res.json()`: the least that Express can do. */
function withoutVerification(app: Express): void {
  const text = JSON.stringify(accepted);
  app.post(path, (request, response) => {
    request.resume().once('end', () => response.setHeader('content-type', 'application/json').end(text));
  });
}

const on = { 'grant.revoked': handle };

const mount: Readonly<Record<Contender, (app: Express) => void>> = {
  'hand-written': byHand,
  hookproof: (app) => app.use(grantexWebhooks({ signature: 'v2', secret, on, dedupe: false })),
  'hookproof with dedupe': (app) => app.use(grantexWebhooks({ signature: 'v2', secret, on })),
  'no verification': withoutVerification,
};

export const listen: Listen = async (contender) => {
  const app = express();
  mount[contender](app);
  const server = app.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return server.address();
};
