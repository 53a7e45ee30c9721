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
  /** Lets it flow, also where somebody has paused it. */
  resume(): unknown;
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
 * import { letGoOfUpload, nodeStreamReader } from '@hookproof/core/adapter';
 *
 * const receiver = createReceiver({ provider: gravv(), secret: 'a secret', on: {} });
 *
 * createServer(async (request, response) => {
 *   const { method, headers } = request;
 *   const reply = await receiver.receive({ method, headers, body: nodeStreamReader(request) });
 *   if (letGoOfUpload(request)) response.setHeader('connection', 'close');
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
    if (!stream.readable) return reject(new Error('The stream is not readable.'));
    new Reading(stream, { maxBytes, timeoutMs }, resolve, reject);
  });
}

/** A stream whose body is on its way. */
class Reading implements Waiting {
  readonly #stream: NodeStream;
  readonly #timeoutMs: number;
  readonly #deadline: Deadline;
  readonly #resolve: (bytes: Uint8Array) => void;
  readonly #reject: (error: unknown) => void;
  readonly #onData: (chunk: Uint8Array) => void;
  #body: Collector | undefined;

  constructor(
    stream: NodeStream,
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
    this.#onData = (chunk) => this.#add(chunk);
    stream.on('data', this.#onData);
    stream.on('end', () => this.#end());
    stream.on('error', (error) => this.#fail(error));
    stream.on('close', () => {
      // Every stream is closed in the end, and an error costs its stack.
      if (this.#body !== undefined) this.#fail(new Error('The stream was closed.'));
    });
    // Somebody may have paused it, until a database or a session has answered.
    stream.resume();
  }

  missed(): void {
    this.#fail(bodyTimeout(this.#timeoutMs));
  }

  #add(chunk: Uint8Array): void {
    try {
      this.#body?.add(chunk);
    } catch (error) {
      this.#fail(error);
    }
  }

  #end(): void {
    const bytes = this.#body?.take();
    if (bytes === undefined) return;
    this.#stop();
    this.#resolve(bytes);
  }

  #fail(error: unknown): void {
    if (this.#body === undefined) return;
    this.#stop();
    this.#stream.off('data', this.#onData);
    this.#reject(error);
  }

  // The other listeners stay, because to take them away costs as much as to add them, and because what goes wrong with the
  // stream from here on is nobody's concern, but must not end the process.
  #stop(): void {
    this.#body = undefined;
    this.#deadline.end();
  }
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
