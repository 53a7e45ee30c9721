import { WebhookError } from '../error.ts';
import type { BodyLimits, BodyReader } from './body.ts';
import { collector } from './collect.ts';

/**
 * Reads the bytes of a `Request`, or says at once that they are gone. Nothing of the body is touched before it is
 * asked for: on Node, looking at `body` alone would keep the server from clearing an upload that nobody reads.
 */
export function requestBody(request: globalThis.Request): BodyReader {
  return async (limits) => {
    if (!request.bodyUsed && !request.body?.locked) return streamReader(request.body)(limits);
    throw new WebhookError(
      'body_consumed',
      'The body of this Request was read before Hookproof, by request.json(), text() or the like.',
      { fix: 'Call the receiver first, or give the earlier code request.clone().' },
    );
  };
}

/** Reads a web stream. */
export function streamReader(stream: ReadableStream<Uint8Array> | null): BodyReader {
  return async ({ maxBytes, signal }) => {
    const body = collector(maxBytes);
    if (stream === null) return body.take();
    const reader = stream.getReader();
    const stop = () => void reader.cancel().catch(() => undefined);
    signal.addEventListener('abort', stop, { once: true });
    try {
      for (let next = await reader.read(); !next.done; next = await reader.read()) body.add(next.value);
      return body.take();
    } catch (error) {
      stop();
      throw error;
    } finally {
      signal.removeEventListener('abort', stop);
    }
  };
}

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
  /** Listens no more for an error. */
  off(event: 'error', listener: (error: Error) => void): unknown;
  /** Listens no more for the end. */
  off(event: 'end' | 'close', listener: () => void): unknown;
}

/**
 * Reads a stream of Node's, such as the request of `node:http`, counting while it reads. It is for adapters.
 *
 * @returns a reader that rejects when the stream ends too early or brings more than is allowed. It does not stop when it
 * is given up: end the connection then, as the adapters do; until that it takes no more than is allowed.
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
export function nodeStreamReader(stream: NodeStream): (limits: Pick<BodyLimits, 'maxBytes'>) => Promise<Uint8Array> {
  return ({ maxBytes }) =>
    new Promise((resolve, reject) => {
      if (!stream.readable) return reject(new Error('The stream is not readable.'));
      const body = collector(maxBytes);
      const onData = (chunk: Uint8Array) => {
        try {
          body.add(chunk);
        } catch (error) {
          finish(() => reject(error));
        }
      };
      const onEnd = () => finish(() => resolve(body.take()));
      const onError = (error: Error) => finish(() => reject(error));
      const onClose = () => onError(new Error('The stream was closed.'));
      const finish = (settle: () => void) => {
        // What goes wrong with the stream from here on is nobody's concern, but must not end the process.
        stream.on('error', () => undefined);
        stream.off('data', onData);
        stream.off('end', onEnd);
        stream.off('error', onError);
        stream.off('close', onClose);
        settle();
      };
      stream.on('data', onData);
      stream.on('end', onEnd);
      stream.on('error', onError);
      stream.on('close', onClose);
    });
}
