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
  /** Lets what still comes be thrown away. */
  resume(): unknown;
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
 * Lets go of an upload that was answered before it arrived: the rest is thrown away while the reply is sent, and then the
 * connection ends.
 *
 * @returns whether the reply must say `connection: close`, which HTTP/1 alone knows
 */
export function letGoOfUpload(request: NodeRequest): boolean {
  if (request.complete) return false;
  request.resume();
  return request.httpVersionMajor === 1;
}
