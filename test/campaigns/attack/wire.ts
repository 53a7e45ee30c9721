import { connect, type Socket } from 'node:net';
import type { Answer } from './judge.ts';
import { piecesOf, type Sent } from './sent.ts';

/** A connection that is written by hand, so that nothing is tidied on the way. */
export interface Wire {
  /** Writes one piece, and resolves when it has left. */
  readonly write: (bytes: Uint8Array | string) => Promise<void>;
  /** The next reply; rejects where the connection ends before it is whole. */
  readonly reply: () => Promise<WireReply>;
  /** Whether another delivery may follow. */
  readonly isOpen: () => boolean;
  /** Resolves when the connection has ended, whoever ended it. */
  readonly ended: Promise<void>;
  readonly destroy: () => void;
}

interface WireReply extends Answer {
  readonly headers: ReadonlyMap<string, string>;
}

export function openWire(port: number): Promise<Wire> {
  return new Promise((resolve, reject) => {
    const socket = connect({ port, host: '127.0.0.1', noDelay: true });
    socket.once('error', reject);
    socket.once('connect', () => resolve(wire(socket)));
  });
}

function wire(socket: Socket): Wire {
  let unread = Buffer.alloc(0);
  let open = true;
  let wake = () => {};
  socket.on('data', (chunk) => {
    unread = Buffer.concat([unread, chunk]);
    wake();
  });
  // The reply to an upload that was cut short may come before the reset: what was received still counts.
  socket.on('error', () => undefined);
  socket.on('end', () => socket.end());
  const ended = new Promise<void>((resolve) => {
    socket.on('close', () => {
      open = false;
      wake();
      resolve();
    });
  });
  return {
    write: (bytes) => new Promise((resolve) => socket.write(bytes, () => resolve())),
    async reply() {
      for (;;) {
        const found = parse(unread);
        if (found !== undefined) {
          unread = unread.subarray(found.length);
          if (found.reply.headers.get('connection') === 'close') open = false;
          return found.reply;
        }
        if (socket.closed) throw new Error(`The connection ended after ${JSON.stringify(unread.toString('latin1'))}.`);
        await new Promise<void>((resolve) => {
          wake = resolve;
        });
      }
    },
    isOpen: () => open && !socket.destroyed,
    ended,
    destroy: () => void socket.destroy(),
  };
}

/** The first reply in what was received, and how many bytes it takes; undefined where it is not whole. */
function parse(bytes: Buffer): { reply: WireReply; length: number } | undefined {
  const end = bytes.indexOf('\r\n\r\n');
  if (end === -1) return undefined;
  const [start = '', ...lines] = bytes.toString('latin1', 0, end).split('\r\n');
  const status = Number(/^HTTP\/1\.1 (\d{3})/.exec(start)?.[1]);
  const headers = new Map(
    lines.map((line) => {
      const [name = '', ...value] = line.split(':');
      return [name.toLowerCase(), value.join(':').trim()] as const;
    }),
  );
  const content = contentOf(bytes.subarray(end + 4), headers, status);
  if (content === undefined) return undefined;
  const answer = { status, contentType: headers.get('content-type'), allow: headers.get('allow') };
  return { reply: { ...answer, headers, body: content.text }, length: end + 4 + content.length };
}

function contentOf(
  bytes: Buffer,
  headers: ReadonlyMap<string, string>,
  status: number,
): { text: string; length: number } | undefined {
  if (status < 200) return { text: '', length: 0 };
  if (headers.get('transfer-encoding') !== 'chunked') {
    const length = Number(headers.get('content-length') ?? 0);
    return bytes.length < length ? undefined : { text: bytes.toString('utf8', 0, length), length };
  }
  const chunks: Buffer[] = [];
  for (let at = 0; ; ) {
    const line = bytes.indexOf('\r\n', at);
    if (line === -1) return undefined;
    const size = Number.parseInt(bytes.toString('latin1', at, line), 16);
    const next = line + 2 + size + 2;
    if (bytes.length < next) return undefined;
    if (size === 0) return { text: Buffer.concat(chunks).toString('utf8'), length: next };
    chunks.push(bytes.subarray(line + 2, line + 2 + size));
    at = next;
  }
}

/** The line and the headers of a delivery, up to the empty line. */
export function head(method: string, headers: Iterable<readonly [string, string]>): Uint8Array {
  const lines = [...headers].map(([name, value]) => `${name}: ${value}\r\n`);
  return Buffer.from(`${method} /hooks HTTP/1.1\r\nHost: localhost\r\n${lines.join('')}\r\n`, 'latin1');
}

export function chunk(bytes: Uint8Array, extension = ''): Uint8Array {
  const size = Buffer.from(`${bytes.length.toString(16)}${extension}\r\n`, 'latin1');
  return Buffer.concat([size, bytes, Buffer.from('\r\n')]);
}

/** Writes a delivery to the letter, in its pieces. */
export async function writeDelivery(wire: Wire, sent: Sent): Promise<void> {
  const pieces = piecesOf(sent);
  const chunked = sent.framing === 'chunked';
  const announced = chunked ? ['Transfer-Encoding', 'chunked'] : ['Content-Length', String(sent.body.length)];
  const [name = '', value = ''] = announced;
  await wire.write(head(sent.method, [...sent.headers, [name, value]]));
  for (const piece of pieces) await wire.write(chunked ? chunk(piece) : piece);
  if (chunked) await wire.write('0\r\n\r\n');
}
