import { once } from 'node:events';
import { connect, createServer, type Socket } from 'node:net';

/** A TCP proxy on loopback before a server, which can fall silent: connections stay open, and carry nothing. */
export interface SilentProxy {
  readonly port: number;
  /** Nothing passes any more over the connections that are there; new ones work. */
  readonly silence: () => void;
  /** Nothing passes over those that are there nor over new ones, which are taken all the same. */
  readonly silenceAll: () => void;
  /** New connections work again. */
  readonly hearNew: () => void;
  readonly close: () => Promise<void>;
}

/** Starts a proxy before what listens on a port of loopback. */
export async function startSilentProxy(target: number): Promise<SilentProxy> {
  const sockets = new Set<Socket>();
  const talking = new Set<Socket>();
  let deaf = false;

  // Half-open is allowed, because a peer that is silent does not answer a goodbye either.
  const server = createServer({ allowHalfOpen: true }, (near) => {
    hold(near);
    if (deaf) return;
    const far = connect({ port: target, host: '127.0.0.1', allowHalfOpen: true });
    hold(far);
    for (const [from, to] of [
      [near, far],
      [far, near],
    ] as const) {
      talking.add(from);
      from.on('data', (data) => {
        if (talking.has(from)) to.write(data);
      });
      from.on('end', () => {
        if (talking.has(from)) to.end();
      });
      from.on('close', () => {
        if (talking.has(from)) to.destroy();
      });
    }
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');

  function hold(socket: Socket): void {
    sockets.add(socket);
    socket.on('error', () => undefined);
    socket.on('close', () => sockets.delete(socket));
  }

  const silence = () => talking.clear();
  const address = server.address();
  if (typeof address !== 'object' || address === null) throw new Error('no port');
  return {
    port: address.port,
    silence,
    silenceAll() {
      deaf = true;
      silence();
    },
    hearNew() {
      deaf = false;
    },
    async close() {
      server.close();
      for (const socket of sockets) socket.destroy();
      await once(server, 'close');
    },
  };
}
