import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import { setTimeout as pause } from 'node:timers/promises';

/**
 * How a network fails. Old connections fail without a word and for good, as where a firewall has forgotten them, while new
 * ones work; the other ways are the same for all connections, until they are over.
 */
export const faults = [
  'old connections silent',
  'old connections without answers',
  'old connections without questions',
  'silent for all',
  'slow',
  'cut',
] as const;

export type Fault = (typeof faults)[number];

/** The network between a store and its clients, which fails as it is told. */
export interface Network {
  /** The store's address through it. */
  readonly url: string;
  readonly fail: (fault: Fault) => void;
  /** Ends what can end: what was held up goes on, but what is silent stays so. */
  readonly heal: () => void;
  /** Has the store notice that silent connections are gone, as it does by itself after hours. */
  readonly expire: () => void;
  readonly close: () => Promise<void>;
}

/** Which way bytes go: a client asks, the store answers. */
type Way = 'questions' | 'answers';

const silenced: { readonly [K in Fault]?: readonly Way[] } = {
  'old connections silent': ['questions', 'answers'],
  'old connections without answers': ['answers'],
  'old connections without questions': ['questions'],
};

/** Milliseconds by which every chunk is late, each way, while it is slow. */
const slowMs = 100;

interface Line {
  readonly client: Socket;
  readonly store: Socket;
  readonly silent: Set<Way>;
}

/** Makes a network to the store at an address, which works until it is told to fail. */
export async function startNetwork(to: string): Promise<Network> {
  const url = new URL(to);
  const { hostname: host, port } = url;
  const lines = new Set<Line>();
  let lateMs = 0;
  let isCut = false;
  /** Resolves when bytes may go on. */
  let passable = Promise.resolve();
  let letPass = () => {};

  const server = createServer({ allowHalfOpen: true }, (client) => {
    if (isCut) return void client.resetAndDestroy();
    const store = connect({ host, port: Number(port), allowHalfOpen: true });
    const line: Line = { client, store, silent: new Set() };
    lines.add(line);
    carry(line, 'questions', client, store);
    carry(line, 'answers', store, client);
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  url.port = String((server.address() as AddressInfo).port);

  /** Passes on what comes one way, in order: bytes, their end, and the connection's own. */
  function carry(line: Line, way: Way, from: Socket, to: Socket): void {
    let last = Promise.resolve();
    const pass = (step: () => unknown) => {
      const due = performance.now() + lateMs;
      last = last.then(async () => {
        await passable;
        const early = due - performance.now();
        if (early > 0) await pause(early);
        if (!line.silent.has(way)) step();
      });
    };
    from.setNoDelay();
    from.on('data', (chunk) => pass(() => to.write(chunk)));
    from.on('end', () => pass(() => to.end()));
    from.on('error', () => pass(() => to.resetAndDestroy()));
    from.on('close', () => {
      if (to.destroyed) lines.delete(line);
    });
  }

  function heal(): void {
    lateMs = 0;
    isCut = false;
    letPass();
  }

  return {
    url: url.href,
    fail(fault) {
      for (const { silent } of lines) for (const way of silenced[fault] ?? []) silent.add(way);
      if (fault === 'slow') lateMs = slowMs;
      if (fault === 'silent for all') {
        passable = new Promise((resolve) => {
          letPass = resolve;
        });
      }
      if (fault !== 'cut') return;
      isCut = true;
      for (const socket of socketsOf(lines)) socket.resetAndDestroy();
    },
    heal,
    expire() {
      for (const { store, silent } of lines) if (silent.size > 0) store.resetAndDestroy();
    },
    async close() {
      heal();
      for (const socket of socketsOf(lines)) socket.destroy();
      server.close();
      await once(server, 'close');
    },
  };
}

function socketsOf(lines: ReadonlySet<Line>): readonly Socket[] {
  return [...lines].flatMap(({ client, store }) => [client, store]);
}
