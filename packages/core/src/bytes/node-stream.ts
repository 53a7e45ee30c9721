import { type Deadlines, deadlines } from '../timing/deadlines.ts';
import { type BodyLimits, type BodyReader, bodyTimeout } from './body.ts';
import { type Collector, collector } from './collect.ts';

/** What is used of a readable stream of Node's. */
export interface NodeStream {
  /** False where it has ended or was destroyed. */
  readonly readable: boolean;
  /** Listens for chunks. */
  on(event: 'data', listener: (chunk: Uint8Array) => void): unknown;
  /** Listens for an error. */
  on(event: 'error', listener: (error: Error) => void): unknown;
  /** Listens for the end. */
  on(event: 'end' | 'close', listener: () => void): unknown;
  /** Listens no more for chunks. */
  off(event: 'data', listener: (chunk: Uint8Array) => void): unknown;
}

/**
 * Reads a stream of Node's, such as the request of `node:http`, counting while it reads. It is for adapters.
 *
 * @returns a reader that rejects when the stream ends too early, takes too long, or brings more than is allowed. It leaves
 * the stream as it is: end the connection then, as the adapters do; until that it takes no more than is allowed.
 *
 * @example
 * ```ts
 * import { createServer } from 'node:http';
 * import { createReceiver, gravv } from '@hookproof/core';
 * import { nodeStreamReader } from '@hookproof/core/adapter';
 *
 * const receiver = createReceiver({ provider: gravv(), secret: 'a secret', on: {} });
 *
 * createServer(async (request, response) => {
 *   const { method, headers } = request;
 *   const reply = await receiver.receive({ method, headers, body: nodeStreamReader(request) });
 *   if (!request.complete) response.setHeader('connection', 'close');
 *   request.resume();
 *   response.writeHead(reply.status, reply.headers).end(reply.body);
 * });
 * ```
 */
export function nodeStreamReader(stream: NodeStream): BodyReader {
  const read = (limits: Pick<BodyLimits, 'maxBytes' | 'timeoutMs'>) => readNodeStream(stream, limits);
  return Object.assign(read, { keepsTime: true });
}

/** Reads a stream of Node's within the limits; {@link nodeStreamReader} for what reads before a receiver is called. */
export function readNodeStream(
  stream: NodeStream,
  { maxBytes, timeoutMs }: Pick<BodyLimits, 'maxBytes' | 'timeoutMs'>,
): Promise<Uint8Array> {
  // A promise, because it keeps the app's AsyncLocalStorage, which the events of the stream do not.
  return new Promise((resolve, reject) => {
    if (!stream.readable) return reject(new Error('The stream is not readable.'));
    const { begin, end } = deadlinesOf(timeoutMs);
    let body: Collector | undefined = collector(maxBytes);
    const onData = (chunk: Uint8Array) => {
      try {
        body?.add(chunk);
      } catch (error) {
        fail(error);
      }
    };
    // The other listeners stay, because to take them away costs as much as to add them, and because what goes wrong with
    // the stream from here on is nobody's concern, but must not end the process.
    const fail = (error: unknown) => {
      if (body === undefined) return;
      body = undefined;
      end(deadline);
      stream.off('data', onData);
      reject(error);
    };
    const deadline = begin(() => fail(bodyTimeout(timeoutMs)));
    stream.on('data', onData);
    stream.on('end', () => {
      if (body === undefined) return;
      const bytes = body.take();
      body = undefined;
      end(deadline);
      resolve(bytes);
    });
    stream.on('error', fail);
    stream.on('close', () => {
      // Every stream is closed in the end, and an error costs its stack.
      if (body !== undefined) fail(new Error('The stream was closed.'));
    });
  });
}

const byTime = new Map<number, Deadlines>();

/** The deadlines of that length, of which an app has one or two. */
function deadlinesOf(ms: number): Deadlines {
  const known = byTime.get(ms);
  if (known !== undefined) return known;
  const made = deadlines(ms);
  byTime.set(ms, made);
  return made;
}
