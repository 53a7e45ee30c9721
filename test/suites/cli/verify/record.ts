import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { onTestFinished } from 'vitest';
import type { Scene } from '../../diagnosis/mistake.ts';
import { proxyTo, send as sendWhole } from '../../diagnosis/wire.ts';

/** A request as it arrived where the app would be. */
export interface Recorded {
  /** Every byte of it: a raw HTTP capture. */
  readonly raw: Buffer;
  /** The same as Node reads it. */
  readonly method: string;
  readonly url: string;
  readonly headers: readonly (readonly [name: string, value: string])[];
  readonly body: Buffer;
}

/** A server in the place of an app; `recorded` resolves when one request has arrived, or its sender is gone. */
export async function recorder(): Promise<{ readonly url: string; readonly recorded: Promise<Recorded> }> {
  const wire: Buffer[] = [];
  const server = createServer();
  server.on('connection', (socket) => socket.on('data', (bytes) => wire.push(bytes)));
  const recorded = new Promise<Recorded>((resolve) => {
    server.on('request', (req, res) => {
      const body: Buffer[] = [];
      req.on('data', (bytes) => body.push(bytes));
      req.on('end', () => res.writeHead(200, { 'content-type': 'text/plain' }).end());
      req.on('error', () => {}); // of a sender that hangs up
      req.on('close', () => {
        const { method = '', url = '', rawHeaders } = req;
        const headers = rawHeaders.flatMap((name, at) =>
          at % 2 === 0 ? [[name, rawHeaders[at + 1] ?? ''] as const] : [],
        );
        resolve({ raw: Buffer.concat(wire), method, url, headers, body: Buffer.concat(body) });
      });
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(async () => {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  });
  const { port } = server.address() as AddressInfo;
  return { url: `http://127.0.0.1:${port}`, recorded };
}

/** What arrives at the app of a scene: its sender and its proxy are the scene's own. */
export async function record({ provider, path, sent, send = sendWhole, proxy }: Scene): Promise<Recorded> {
  const { url, recorded } = await recorder();
  const origin = proxy === undefined ? url : await proxyTo(url, proxy);
  await send(`${origin}${path ?? `/webhooks/${provider.name}`}`, sent);
  return recorded;
}
