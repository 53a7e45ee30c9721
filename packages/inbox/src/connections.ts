import type { IncomingMessage, ServerResponse } from 'node:http';
import type { ServerHttp2Session } from 'node:http2';
import type { Server, Socket } from 'node:net';

/** A server of `node:http`, `node:https` or `node:http2`. */
export type ListeningServer = Server & {
  /** What servers of HTTP/1 have. */
  closeIdleConnections?(): void;
};

/** Milliseconds between looks for connections that have nothing to do any more. */
const sweepMs = 100;

/** Milliseconds that a connection has to send its first byte. */
const silenceMs = 1_000;

/**
 * Knows the connections of a server from now on, because the server itself does not know all of them: not those on which
 * nothing came, and none of HTTP/2.
 *
 * @returns a function that ends them: it stops the listening, lets requests under way be answered, and resolves when the
 * last connection is closed, after `graceMs` at the latest
 */
export function trackConnections(server: ListeningServer): (graceMs: number) => Promise<void> {
  const sockets = new Set<Socket>();
  const sessions = new Set<ServerHttp2Session>();
  let closing = false;

  server.on('connection', (socket: Socket) => {
    sockets.add(socket);
    socket.once('close', () => sockets.delete(socket));
  });
  server.on('session', (session: ServerHttp2Session) => {
    sessions.add(session);
    session.once('close', () => sessions.delete(session));
    if (closing) session.close();
  });
  // First of all, so that the header is there when the app answers.
  server.prependListener('request', (request: IncomingMessage, response: ServerResponse) => {
    if (closing && request.httpVersionMajor === 1) response.setHeader('connection', 'close');
  });

  function destroyAll(which: (socket: Socket) => boolean): void {
    for (const socket of sockets) if (which(socket)) socket.destroy();
  }

  return async (graceMs) => {
    closing = true;
    const closed = new Promise<void>((resolve) => server.close(() => resolve()));
    // Each takes what was begun to its end, and nothing new.
    for (const session of sessions) session.close();
    server.closeIdleConnections?.();
    const sweep = setInterval(() => server.closeIdleConnections?.(), sweepMs);
    const silence = setTimeout(() => destroyAll(({ bytesRead }) => bytesRead === 0), Math.min(silenceMs, graceMs));
    const grace = setTimeout(() => destroyAll(() => true), graceMs);
    await closed;
    clearInterval(sweep);
    clearTimeout(silence);
    clearTimeout(grace);
  };
}
