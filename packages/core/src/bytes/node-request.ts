import type { WebhookError } from '../error.ts';
import type { BodyInput } from './body.ts';
import { isBytes } from './encoding.ts';
import { type NodeStream, nodeStreamReader } from './node-stream.ts';

/** What is used of a request of Node's. */
export interface NodeRequest extends NodeStream {
  /** Whether it has arrived whole. */
  readonly complete: boolean;
  readonly httpVersionMajor: number;
  /** Whether somebody has read of it. */
  readonly readableDidRead: boolean;
  /** Set where the bytes are decoded before they are read. */
  readonly readableEncoding: string | null;
  /** Over HTTP/2, the stream that carries it and its reply. */
  readonly stream?: NodeHttp2Stream;
  /** Takes no more than what flow control has already allowed. */
  pause(): unknown;
}

/** What is used of a stream of Node's HTTP/2. */
interface NodeHttp2Stream {
  /** Whether the reply was handed over. */
  readonly writableFinished: boolean;
  once(event: 'finish', listener: () => void): unknown;
  destroy(): unknown;
}

/**
 * The body of a request of Node's: bytes that somebody kept, else a reader of the stream.
 *
 * @param kept where frameworks and parsers keep raw bytes, in the order in which to look
 * @param consumed makes the error for a stream that was read, or is decoded, and of which nobody kept the bytes
 */
export function nodeBody(request: NodeRequest, kept: readonly unknown[], consumed: () => WebhookError): BodyInput {
  for (const bytes of kept) if (isBytes(bytes)) return bytes;
  if (!request.readableDidRead && request.readableEncoding === null) return nodeStreamReader(request);
  return () => {
    throw consumed();
  };
}

/**
 * What is kept in a property of a request, for adapters.
 *
 * @returns the value; undefined where a getter throws, as one may that parses a body
 */
export function keptBy(request: object, name: string): unknown {
  try {
    return Reflect.get(request, name);
  } catch {
    return undefined;
  }
}

/**
 * Lets go of an upload that was answered before it arrived, or is about to be. Over HTTP/1 the rest is thrown away while the
 * reply is sent, and then the connection ends; over HTTP/2 no more is taken, and the stream ends after the reply, but not the
 * connection, which others share.
 *
 * @returns whether the reply must say `connection: close`, which HTTP/1 alone knows
 */
export function letGoOfUpload(request: NodeRequest): boolean {
  if (request.complete) return false;
  const { stream } = request;
  if (request.httpVersionMajor === 1 || stream === undefined) {
    request.resume();
    return request.httpVersionMajor === 1;
  }
  request.pause();
  // Not at once: the end of the reply leaves after `finish`, and a reset before it would look like a broken reply.
  const end = () => void setTimeout(() => stream.destroy(), leaveMs);
  if (stream.writableFinished) end();
  else stream.once('finish', end);
  return false;
}

/** Milliseconds in which the end of a reply leaves. */
const leaveMs = 250;
