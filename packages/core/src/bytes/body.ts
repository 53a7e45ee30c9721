import { Refusal, WebhookError } from '../error.ts';
import { type Awaitable, isThenable } from '../timing/awaitable.ts';
import { inTime } from '../timing/in-time.ts';
import { LazySignal } from '../timing/lazy-signal.ts';
import { notBytes, tooLarge } from './collect.ts';
import { encode } from './encoding.ts';
import type { HeaderLookup } from './headers.ts';

/** What a body must keep to while it is read. */
export interface BodyLimits {
  /** Reject as soon as more bytes than this have arrived. */
  readonly maxBytes: number;
  /** Milliseconds in which the whole body must have arrived. */
  readonly timeoutMs: number;
  /** Aborts when that time is over, or something else went wrong: stop reading. */
  readonly signal: AbortSignal;
}

/**
 * Reads the raw bytes when the receiver asks for them. It may reject with any error: one whose `statusCode` is 413
 * means that the body is too large, a {@link WebhookError} speaks for itself, every other means that it never ended.
 */
export interface BodyReader {
  (limits: BodyLimits): Awaitable<Uint8Array>;
  /** Whether it rejects by itself when the time is over; else the receiver waits no longer. */
  readonly keepsTime?: boolean;
}

/** Raw body bytes, a string that stands for its UTF-8 bytes, or a function that reads them. */
export type BodyInput = Uint8Array | ArrayBuffer | string | BodyReader;

export interface BodyOptions {
  readonly maxBodyBytes: number;
  readonly bodyTimeoutMs: number;
}

/** Reads the body's raw bytes, bounded in size and time, and goes on with them: later where they are still to come. */
export function readBody<State, R>(
  input: BodyInput,
  headers: HeaderLookup,
  options: BodyOptions,
  state: State,
  next: (state: State, bytes: Uint8Array) => R,
): Awaitable<R> {
  checkEncoding(headers);
  if (typeof input !== 'function') return next(state, checkSize(toBytes(input), options));
  // Only a shortcut: a sender may leave content-length out or lie, so the reader counts all the same.
  if (Number(headers.get('content-length')) > options.maxBodyBytes) throw tooLarge(options.maxBodyBytes);
  const limits = new ReaderLimits(options);
  const take = (bytes: unknown) => next(state, checkSize(toBytes(bytes), options));
  const fail = (error: unknown) => {
    throw limits.giveUp(error);
  };
  try {
    const reading = input(limits);
    if (!isThenable(reading)) return take(reading);
    const read = input.keepsTime === true ? reading : inBodyTime(reading, options.bodyTimeoutMs);
    return read.then(take, fail);
  } catch (error) {
    return fail(error);
  }
}

function checkSize(bytes: Uint8Array, { maxBodyBytes }: BodyOptions): Uint8Array {
  if (bytes.length > maxBodyBytes) throw tooLarge(maxBodyBytes);
  return bytes;
}

/** Before a byte is read: what unpacks it, such as a plugin of the app, may hold the stream back. */
function checkEncoding(headers: HeaderLookup): void {
  if (isPlain(headers.get('content-encoding'))) return;
  throw new Refusal(
    'unsupported_encoding',
    () => 'The Content-Encoding header names a compression, but signatures cover the raw bytes.',
    'No built-in provider compresses: look for a proxy that does, and turn it off for this path.',
  );
}

/** Whether a Content-Encoding header names no compression. */
export function isPlain(encoding = ''): boolean {
  return encoding === '' || ['', 'identity'].includes(encoding.trim().toLowerCase());
}

/** The limits of one reader. Its signal is made for whoever looks at it. */
class ReaderLimits implements BodyLimits {
  readonly maxBytes: number;
  readonly timeoutMs: number;
  readonly #given = new LazySignal();

  constructor({ maxBodyBytes, bodyTimeoutMs }: BodyOptions) {
    this.maxBytes = maxBodyBytes;
    this.timeoutMs = bodyTimeoutMs;
  }

  get signal(): AbortSignal {
    return this.#given.signal;
  }

  /** Has the reader stop, and says why there is no body. */
  giveUp(error: unknown): Refusal | WebhookError {
    this.#given.abort(Refusal.isRefusal(error) ? error.toError() : error);
    return readError(error, this.maxBytes);
  }
}

function inBodyTime(reading: PromiseLike<Uint8Array>, ms: number): Promise<Uint8Array> {
  return inTime(reading, ms, () => bodyTimeout(ms));
}

export function bodyTimeout(ms: number): Refusal {
  return new Refusal(
    'body_timeout',
    () => `The body did not arrive within bodyTimeoutMs (${ms} ms).`,
    'Raise the option only if the sender is known to be slow. If it is not, something before Hookproof keeps the bytes.',
  );
}

export function toBytes(input: unknown): Uint8Array {
  if (input instanceof Uint8Array) return input;
  // Bytes of another realm (a test runner's sandbox) fail instanceof.
  if (ArrayBuffer.isView(input)) return new Uint8Array(input.buffer, input.byteOffset, input.byteLength);
  if (input instanceof ArrayBuffer) return new Uint8Array(input);
  if (typeof input === 'string') return encode(input);
  throw notBytes();
}

function readError(error: unknown, maxBytes: number): Refusal | WebhookError {
  if (error instanceof Refusal || error instanceof WebhookError) return error;
  // A reader of another copy of core refuses as that copy does.
  if (Refusal.isRefusal(error)) return error.toError();
  if (typeof error === 'object' && error !== null && 'statusCode' in error && error.statusCode === 413) {
    return tooLarge(maxBytes);
  }
  return new WebhookError('body_incomplete', 'The connection ended before the whole body had arrived.', {
    cause: error,
    fix: 'The provider will try again. If it happens often, look at the time limits of the proxies in between.',
  });
}
