import { type Deadline, deadlines, type Waiting } from '../timing/deadlines.ts';
import { type BodyLimits, type BodyReader, bodyTimeout } from './body.ts';
import { Collector } from './collect.ts';

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
  // Not by Object.assign, which takes as long as all the rest.
  read.keepsTime = true;
  return read;
}

/** Reads a stream of Node's within the limits; {@link nodeStreamReader} for what reads before a receiver is called. */
export function readNodeStream(
  stream: NodeStream,
  { maxBytes, timeoutMs }: Pick<BodyLimits, 'maxBytes' | 'timeoutMs'>,
): Promise<Uint8Array> {
  // A promise, because it keeps the app's AsyncLocalStorage, which the events of the stream do not.
  return new Promise((resolve, reject) => {
    if (!stream.readable || reading in stream) return reject(new Error('The stream is not readable.'));
    new Reading(stream, { maxBytes, timeoutMs }, resolve, reject);
  });
}

/** Where a stream holds its reading: a listener is called on its stream, so that no delivery needs listeners of its own. */
const reading = Symbol('hookproof.reading');

/** A stream of which the body is being read. */
type ReadStream = NodeStream & { [reading]?: Reading | undefined };

class Reading implements Waiting {
  readonly #stream: ReadStream;
  readonly #body: Collector;
  readonly #timeoutMs: number;
  readonly #deadline: Deadline;
  readonly #resolve: (bytes: Uint8Array) => void;
  readonly #reject: (error: unknown) => void;

  constructor(
    stream: ReadStream,
    { maxBytes, timeoutMs }: Pick<BodyLimits, 'maxBytes' | 'timeoutMs'>,
    resolve: (bytes: Uint8Array) => void,
    reject: (error: unknown) => void,
  ) {
    this.#stream = stream;
    this.#body = new Collector(maxBytes);
    this.#timeoutMs = timeoutMs;
    this.#deadline = beginDeadline(timeoutMs, this);
    this.#resolve = resolve;
    this.#reject = reject;
    stream[reading] = this;
    stream.on('data', onData);
    stream.on('end', onEnd);
    stream.on('error', onError);
    stream.on('close', onClose);
  }

  add(chunk: Uint8Array): void {
    try {
      this.#body.add(chunk);
    } catch (error) {
      this.fail(error);
    }
  }

  end(): void {
    this.#stop();
    this.#resolve(this.#body.take());
  }

  fail(error: unknown): void {
    this.#stop();
    this.#stream.off('data', onData);
    this.#reject(error);
  }

  missed(): void {
    this.fail(bodyTimeout(this.#timeoutMs));
  }

  // The other listeners stay, because to take them away costs as much as to add them, and because what goes wrong with the
  // stream from here on is nobody's concern, but must not end the process.
  #stop(): void {
    this.#stream[reading] = undefined;
    this.#deadline.end();
  }
}

function onData(this: ReadStream, chunk: Uint8Array): void {
  this[reading]?.add(chunk);
}

function onEnd(this: ReadStream): void {
  this[reading]?.end();
}

function onError(this: ReadStream, error: Error): void {
  this[reading]?.fail(error);
}

function onClose(this: ReadStream): void {
  // Every stream is closed in the end, and an error costs its stack.
  if (this[reading] !== undefined) this[reading].fail(new Error('The stream was closed.'));
}

const byTime = new Map<number, ReturnType<typeof deadlines>>();

/** Begins a deadline with the timer of that length, of which an app has one or two. */
function beginDeadline(ms: number, owner: Waiting): Deadline {
  let begin = byTime.get(ms);
  if (begin === undefined) {
    begin = deadlines(ms);
    byTime.set(ms, begin);
  }
  return begin(owner);
}
