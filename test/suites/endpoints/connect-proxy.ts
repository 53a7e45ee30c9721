import { once } from 'node:events';
import { createServer } from 'node:http';
import { type AddressInfo, connect, type Socket } from 'node:net';
import { createServer as createTlsServer } from 'node:tls';
import { selfSigned } from '../self-signed.ts';

/** The host that only the proxy can find. */
export const hiddenHost = 'grantex.test';

/** A proxy on loopback that leads `https://grantex.test` to a server of plain HTTP, and what it was asked for. */
export interface ConnectProxy {
  readonly port: number;
  /** The certificate of the hidden host. */
  readonly cert: string;
  /** Hosts and ports of the tunnels, and who asked for them. */
  readonly tunnels: readonly { readonly target: string; readonly authorization: string | undefined }[];
  readonly close: () => Promise<void>;
}

/** Starts a proxy; `baseUrl` is where the server of plain HTTP is. */
export async function connectProxy(baseUrl: string): Promise<ConnectProxy> {
  const { key, cert } = selfSigned(`DNS:${hiddenHost}`);
  const tunnels: { target: string; authorization: string | undefined }[] = [];
  const sockets = new Set<Socket>();
  const keep = <S extends Socket>(socket: S): S => {
    sockets.add(socket);
    return socket.on('error', () => socket.destroy()).on('close', () => sockets.delete(socket));
  };
  const target = Number(new URL(baseUrl).port);
  const tls = createTlsServer({ key, cert }, (socket) => {
    keep(socket)
      .pipe(keep(connect(target, '127.0.0.1')))
      .pipe(socket);
  });
  const proxy = createServer((_request, response) => response.writeHead(405).end());
  proxy.on('connect', (request, socket: Socket) => {
    tunnels.push({ target: request.url ?? '', authorization: request.headers['proxy-authorization'] });
    if (request.url !== `${hiddenHost}:443`) return void keep(socket).end('HTTP/1.1 403 Forbidden\r\n\r\n');
    keep(socket).write('HTTP/1.1 200 OK\r\n\r\n');
    socket.pipe(keep(connect(portOf(tls), '127.0.0.1'))).pipe(socket);
  });
  await Promise.all([once(tls.listen(0, '127.0.0.1'), 'listening'), once(proxy.listen(0, '127.0.0.1'), 'listening')]);
  return {
    port: portOf(proxy),
    cert,
    tunnels,
    async close() {
      proxy.closeAllConnections();
      for (const socket of sockets) socket.destroy();
      for (const server of [proxy, tls]) await new Promise((resolve) => server.close(resolve));
    },
  };
}

function portOf(server: { address(): AddressInfo | string | null }): number {
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('the server has no port');
  return address.port;
}
