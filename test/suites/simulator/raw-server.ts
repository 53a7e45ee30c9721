import { once } from 'node:events';
import { createServer, type Socket } from 'node:net';
import { onTestFinished } from 'vitest';

/** A request as it came over the wire, to the letter. */
export interface RawRequest {
  readonly line: string;
  readonly headers: readonly (readonly [name: string, value: string])[];
  /** The body's bytes with their framing. */
  readonly framed: Buffer;
  readonly body: Buffer;
  readonly socket: Socket;
}

/** What the server does once a request is there. */
export type Answer = (request: RawRequest, index: number) => void;

/** A server that no HTTP library stands before: it shows what was sent, and can answer with anything. */
export async function rawServer(answer: Answer) {
  const requests: RawRequest[] = [];
  const sockets = new Set<Socket>();
  /** What came over connections that ended within a request. */
  const unfinished: string[] = [];
  const server = createServer((socket) => {
    sockets.add(socket);
    let received = Buffer.alloc(0);
    socket.on('error', () => undefined);
    socket.on('close', () => {
      sockets.delete(socket);
      if (received.length > 0) unfinished.push(received.toString('latin1'));
    });
    socket.on('data', (chunk) => {
      received = Buffer.concat([received, chunk]);
      for (let next = parsed(received, socket); next !== undefined; next = parsed(received, socket)) {
        received = received.subarray(next.size);
        requests.push(next.request);
        answer(next.request, requests.length - 1);
      }
    });
  });
  await once(server.listen(0, '127.0.0.1'), 'listening');
  onTestFinished(async () => {
    for (const socket of sockets) socket.destroy();
    await new Promise((resolve) => server.close(resolve));
  });
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('the server has no port');
  const host = `127.0.0.1:${address.port}`;
  /** Resolves when no connection is open. */
  async function allClosed(): Promise<void> {
    for (const socket of sockets) if (!socket.closed) await new Promise((resolve) => socket.once('close', resolve));
  }
  return { url: `http://${host}/hooks?tenant=7`, host, requests, sockets, unfinished, server, allClosed };
}

/** Answers each request with the next status, and the last of them from then on. */
export function statuses(...list: readonly number[]): Answer {
  return ({ socket }, index) => socket.write(reply(list[Math.min(index, list.length - 1)] ?? 200));
}

/** A whole reply. A 204 or 304 has no body. */
export function reply(status: number, body = '', headers = ''): string {
  const length = status === 204 || status === 304 ? '' : `Content-Length: ${Buffer.byteLength(body)}\r\n`;
  return `HTTP/1.1 ${status} Status\r\n${headers}${length}\r\n${body}`;
}

/** The value of a header, by its name in any case. */
export function headerOf(request: RawRequest | undefined, name: string): string | undefined {
  return request?.headers.find(([other]) => other.toLowerCase() === name.toLowerCase())?.[1];
}

function parsed(bytes: Buffer, socket: Socket): { request: RawRequest; size: number } | undefined {
  const end = bytes.indexOf('\r\n\r\n');
  if (end < 0) return undefined;
  const [line = '', ...lines] = bytes.subarray(0, end).toString('latin1').split('\r\n');
  const headers = lines.map((header) => {
    const colon = header.indexOf(': ');
    return [header.slice(0, colon), header.slice(colon + 2)] as const;
  });
  const rest = bytes.subarray(end + 4);
  const length = headers.find(([name]) => name.toLowerCase() === 'content-length')?.[1];
  const body = length === undefined ? unchunked(rest) : whole(rest, Number(length));
  if (body === undefined) return undefined;
  const framed = Buffer.from(rest.subarray(0, body.size));
  return { request: { line, headers, framed, body: body.bytes, socket }, size: end + 4 + body.size };
}

function whole(bytes: Buffer, length: number): { bytes: Buffer; size: number } | undefined {
  return bytes.length < length ? undefined : { bytes: Buffer.from(bytes.subarray(0, length)), size: length };
}

function unchunked(bytes: Buffer): { bytes: Buffer; size: number } | undefined {
  const chunks: Buffer[] = [];
  for (let at = 0; ; ) {
    const end = bytes.indexOf('\r\n', at);
    if (end < 0) return undefined;
    const size = Number.parseInt(bytes.subarray(at, end).toString('latin1'), 16);
    if (bytes.length < end + 2 + size + 2) return undefined;
    chunks.push(Buffer.from(bytes.subarray(end + 2, end + 2 + size)));
    at = end + 2 + size + 2;
    if (size === 0) return { bytes: Buffer.concat(chunks), size: at };
  }
}
