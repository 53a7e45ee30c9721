import { WebhookError } from '../error.ts';
import { inTime } from '../timing/in-time.ts';
import { LazySignal } from '../timing/lazy-signal.ts';
import { tooLarge } from './collect.ts';
import { encode } from './encoding.ts';
import type { DeliveryHeaders } from './headers.ts';

/** What a body must keep to while it is read. */
export interface BodyLimits {
  /** Reject as soon as more bytes than this have arrived. */
  readonly maxBytes: number;
  /** Aborts when `bodyTimeoutMs` is over, or something else went wrong: stop reading. */
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
    'The Content-Encoding header names a compression, but signatures cover the raw bytes.',
    { fix: 'No built-in provider compresses: look for a proxy that does, and turn it off for this path.' },
  );
}

async function readInTime(read: BodyReader, headers: DeliveryHeaders, options: BodyOptions): Promise<Uint8Array> {
  // Only a shortcut: a sender may leave content-length out or lie, so the reader counts all the same.
  if (Number(headers.get('content-length')) > options.maxBodyBytes) throw tooLarge(options.maxBodyBytes);
  const giveUp = new LazySignal();
  const late = () =>
    new WebhookError('body_timeout', `The body did not arrive within bodyTimeoutMs (${options.bodyTimeoutMs} ms).`, {
      fix: 'Raise the option only if the sender is known to be slow.',
    });
  try {
    const limits: BodyLimits = {
      maxBytes: options.maxBodyBytes,
      get signal() {
        return giveUp.signal;
      },
    };
    const reading = read(limits);
    return toBytes(await inTime(reading, options.bodyTimeoutMs, late));
  } catch (error) {
    giveUp.abort(error);
    throw readError(error, options.maxBodyBytes);
  }
}

export function toBytes(input: unknown): Uint8Array {
  if (input instanceof Uint8Array) return input;
  // Bytes of another realm (a test runner's sandbox) fail instanceof.
  if (ArrayBuffer.isView(input)) return new Uint8Array(input.buffer, input.byteOffset, input.byteLength);
  if (input instanceof ArrayBuffer) return new Uint8Array(input);
  if (typeof input === 'string') return encode(input);
  throw new WebhookError('body_consumed', 'The body is not raw bytes: something parsed it before Hookproof.', {
    fix: 'Pass the bytes as they arrived (a Uint8Array or Buffer), never a parsed object.',
  });
}

function readError(error: unknown, maxBytes: number): WebhookError {
  if (error instanceof WebhookError) return error;
  if (typeof error === 'object' && error !== null && 'statusCode' in error && error.statusCode === 413) {
    return tooLarge(maxBytes);
  }
  return new WebhookError('body_incomplete', 'The connection ended before the whole body had arrived.', {
    cause: error,
    fix: 'The provider will try again. If it happens often, look at the time limits of the proxies in between.',
  });
}
