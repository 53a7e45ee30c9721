import { once } from 'node:events';
import { createServer, type IncomingMessage, type RequestListener, type ServerResponse } from 'node:http';
import { grantexWebhooks } from '@hookproof/express';
import { schemes } from '../deliveries.ts';
import { verifier } from '../hand-written.ts';
import { handle } from '../handle.ts';
import { accepted, type Contender, type Listen, path, scheme } from './contenders.ts';

const { secret } = schemes[scheme];

/** As Node's documentation has it: the chunks collected, and the reply's length announced. */
function byHand(): RequestListener {
  const verify = verifier(scheme, secret);
  return (request, response) => {
    if (!isOurs(request)) return answer(response, 404, { outcome: 'not found' });
    const header = (name: string) => {
      const value = request.headers[name];
      return typeof value === 'string' ? value : undefined;
    };
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', async () => {
      const body = Buffer.concat(chunks);
      if (!verify(header, body)) return answer(response, 401, { outcome: 'refused' });
      await handle(JSON.parse(body.toString()));
      answer(response, 200, accepted);
    });
  };
}

function withoutVerification(): RequestListener {
  return (request, response) => {
    if (!isOurs(request)) return answer(response, 404, { outcome: 'not found' });
    request.resume().once('end', () => answer(response, 200, accepted));
  };
}

function isOurs({ method, url }: IncomingMessage): boolean {
  return method === 'POST' && url === path;
}

function answer(response: ServerResponse, status: number, value: object): void {
  const text = JSON.stringify(value);
  response.writeHead(status, { 'content-type': 'application/json', 'content-length': Buffer.byteLength(text) });
  response.end(text);
}

const on = { 'grant.revoked': handle };

const listeners: Readonly<Record<Contender, () => RequestListener>> = {
  'hand-written': byHand,
  hookproof: () => grantexWebhooks({ signature: 'v2', secret, on, dedupe: false }),
  'hookproof with dedupe': () => grantexWebhooks({ signature: 'v2', secret, on }),
  'no verification': withoutVerification,
};

export const listen: Listen = async (contender) => {
  const server = createServer(listeners[contender]());
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return server.address();
};
