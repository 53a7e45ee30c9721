import { createServer, type IncomingMessage, type RequestListener, request } from 'node:http';
import type { AddressInfo } from 'node:net';
import { onTestFinished } from 'vitest';
import type { Received, Scene, Sent } from './mistake.ts';

/** Listens on a port that the system chooses, until the test ends. */
export async function listen(listener: RequestListener): Promise<string> {
  const server = createServer(listener);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(async () => {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  });
  const { port } = server.address() as AddressInfo;
  return `http://127.0.0.1:${port}`;
}

/** Sends a request, and resolves with the reply. */
export function send(url: string, { method = 'POST', headers, body }: Sent): Promise<Received> {
  return new Promise((resolve, reject) => {
    const sending = request(url, { method, headers, agent: false }, (reply) => resolve(received(reply)));
    sending.on('error', reject).end(body);
  });
}

/** Sends the first bytes of the body and no more, and hands over the rest to `then`. */
export function sendBegun(
  url: string,
  { headers, body }: Sent,
  then: (sending: ReturnType<typeof request>) => void,
): Promise<Received | undefined> {
  return new Promise((resolve) => {
    const all = { ...headers, 'content-length': String(body.length) };
    const sending = request(url, { method: 'POST', headers: all, agent: false }, (reply) => resolve(received(reply)));
    sending.on('error', () => resolve(undefined));
    sending.write(body.subarray(0, 20), () => then(sending));
  });
}

/** A reverse proxy that passes on what `change` makes of a request. */
export function proxyTo(origin: string, change: NonNullable<Scene['proxy']>): Promise<string> {
  return listen(async (req, res) => {
    const { host, connection, 'content-length': length, ...headers } = req.headers;
    const sent = { method: req.method ?? 'POST', headers, body: await bodyOf(req) };
    const reply = await send(`${origin}${req.url}`, change(sent));
    res.writeHead(reply.status, { 'content-type': reply.contentType }).end(reply.body);
  });
}

export async function bodyOf(stream: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of stream) chunks.push(chunk);
  return Buffer.concat(chunks);
}

async function received(reply: IncomingMessage): Promise<Received> {
  const body = (await bodyOf(reply)).toString();
  return { status: reply.statusCode ?? 0, contentType: reply.headers['content-type'], body };
}
