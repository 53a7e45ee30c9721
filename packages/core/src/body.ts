import { encode } from './crypto.ts';
import { WebhookError } from './error.ts';
import type { DeliveryHeaders } from './headers.ts';

/** What a body must keep to while it is read. */
export interface BodyLimits {
  /** Reject as soon as more bytes than this have arrived. */
  readonly maxBytes: number;
  /** Aborts when `bodyTimeoutMs` is over: stop reading. */
  readonly signal: AbortSignal;
}

/**
 * Reads the raw bytes when the receiver asks for them. It may reject with any error: one whose `statusCode` is 413
 * means that the body is too large, a {@link WebhookError} speaks for itself, every other means that it never ended.
 */
export type BodyReader = (limits: BodyLimits) => Promise<Uint8Array>;

/** Raw body bytes, a string that stands for its UTF-8 bytes, or a function that reads them. */
export type BodyInput = Uint8Array | ArrayBuffer | string | BodyReader;

export interface BodyOptions {
  readonly maxBodyBytes: number;
  readonly bodyTimeoutMs: number;
}

/** The body's raw bytes, bounded in size and time. */
export async function readBody(input: BodyInput, headers: DeliveryHeaders, options: BodyOptions): Promise<Uint8Array> {
  const bytes = typeof input === 'function' ? await readInTime(input, headers, options) : toBytes(input);
  if (bytes.length > options.maxBodyBytes) throw tooLarge(options.maxBodyBytes);
  // Only now, so that the connection is free for the sender's next delivery.
  const encoding = headers.get('content-encoding')?.trim().toLowerCase() ?? '';
  if (encoding === '' || encoding === 'identity') return bytes;
  throw new WebhookError(
    'unsupported_encoding',
    'The Content-Encoding header names a compression. Signatures cover the raw bytes, and no built-in provider compresses them: look for a proxy that does.',
  );
}

async function readInTime(read: BodyReader, headers: DeliveryHeaders, options: BodyOptions): Promise<Uint8Array> {
  // Only a shortcut: a sender may leave content-length out or lie, so the reader counts all the same.
  if (Number(headers.get('content-length')) > options.maxBodyBytes) throw tooLarge(options.maxBodyBytes);
  const timeout = new AbortController();
  let timer: ReturnType<typeof setTimeout> | undefined;
  const late = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => {
      reject(
        new WebhookError(
          'body_timeout',
          `The body did not arrive within bodyTimeoutMs (${options.bodyTimeoutMs} ms). Raise the option only if the sender is known to be slow.`,
        ),
      );
      timeout.abort();
    }, options.bodyTimeoutMs);
  });
  try {
    return toBytes(await Promise.race([read({ maxBytes: options.maxBodyBytes, signal: timeout.signal }), late]));
  } catch (error) {
    throw readError(error, options.maxBodyBytes);
  } finally {
    clearTimeout(timer);
  }
}

/** A {@link BodyReader} for the stream of a `Request`, counting while it reads. */
export function streamReader(stream: ReadableStream<Uint8Array> | null): BodyReader {
  return async ({ maxBytes, signal }) => {
    if (stream === null) return new Uint8Array(0);
    const reader = stream.getReader();
    const stop = () => void reader.cancel().catch(() => undefined);
    signal.addEventListener('abort', stop, { once: true });
    const chunks: Uint8Array[] = [];
    let length = 0;
    for (let next = await reader.read(); !next.done; next = await reader.read()) {
      length += next.value.length;
      if (length > maxBytes) {
        stop();
        throw tooLarge(maxBytes);
      }
      chunks.push(next.value);
    }
    signal.removeEventListener('abort', stop);
    return join(chunks, length);
  };
}

/**
 * Reads the bytes of a `Request`, or says at once that they are gone. Nothing of the body is touched before it is
 * asked for: on Node, looking at `body` alone would keep the server from clearing an upload that nobody reads.
 */
export function requestBody(request: globalThis.Request): BodyReader {
  return async (limits) => {
    if (!request.bodyUsed && !request.body?.locked) return streamReader(request.body)(limits);
    throw new WebhookError(
      'body_consumed',
      'The body of this Request was read before Hookproof, by request.json(), text() or the like. Call the receiver first, or give the earlier code request.clone().',
    );
  };
}

function join(chunks: readonly Uint8Array[], length: number): Uint8Array {
  const [first] = chunks;
  if (chunks.length === 1 && first !== undefined) return first;
  const bytes = new Uint8Array(length);
  let offset = 0;
  for (const chunk of chunks) {
    bytes.set(chunk, offset);
    offset += chunk.length;
  }
  return bytes;
}

export function toBytes(input: unknown): Uint8Array {
  if (input instanceof Uint8Array) return input;
  // Bytes of another realm (a test runner's sandbox) fail instanceof.
  if (ArrayBuffer.isView(input)) return new Uint8Array(input.buffer, input.byteOffset, input.byteLength);
  if (input instanceof ArrayBuffer) return new Uint8Array(input);
  if (typeof input === 'string') return encode(input);
  throw new WebhookError(
    'body_consumed',
    'The body is not raw bytes: something parsed it before Hookproof. Pass the bytes as they arrived (a Uint8Array or Buffer), never a parsed object.',
  );
}

function tooLarge(maxBytes: number): WebhookError {
  return new WebhookError(
    'body_too_large',
    `The body is larger than maxBodyBytes (${maxBytes} bytes). Raise the option if the provider really sends more.`,
  );
}

function readError(error: unknown, maxBytes: number): WebhookError {
  if (error instanceof WebhookError) return error;
  if (typeof error === 'object' && error !== null && 'statusCode' in error && error.statusCode === 413) {
    return tooLarge(maxBytes);
  }
  return new WebhookError('body_incomplete', 'The connection ended before the whole body had arrived.', {
    cause: error,
  });
}
