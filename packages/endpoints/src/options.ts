import { checkNames, invalid, type OptionNames } from '@hookproof/core/strict';

export { checkNames, invalid, ownOptions } from '@hookproof/core/strict';

/** Options of every client. */
export interface ClientOptions {
  /** Sends the requests; the global `fetch` by default. */
  readonly fetch?: Fetch | undefined;
  /** Milliseconds that one attempt has, until its answer is read to the end; 10,000 by default. */
  readonly timeoutMs?: number | undefined;
  /** Attempts of a call that may safely be repeated, which is every one but `create`; 4 by default. */
  readonly maxAttempts?: number | undefined;
  /**
   * Milliseconds between a failed attempt (from 1) and the next; 500, 1,000, 2,000 … and at most 30,000 by default. A
   * fifth more or less is added at random. A `retry-after` of the provider that is longer is waited for instead.
   */
  readonly backoff?: ((attempt: number) => number) | undefined;
  /** Requests that all calls of this client begin in a second at most, such as 0.5; as many as they need by default. */
  readonly requestsPerSecond?: number | undefined;
}

/** Options of a single call. */
export interface CallOptions {
  /** Stops the call at once, also while it waits for its next attempt. */
  readonly signal?: AbortSignal | undefined;
}

/** What is used of `fetch`. */
export type Fetch = (url: string, init: FetchInit) => Promise<FetchResponse>;

/** What `fetch` is told. */
export interface FetchInit {
  readonly method: string;
  readonly headers: Record<string, string>;
  readonly body?: string;
  readonly redirect: 'manual';
  readonly signal: AbortSignal;
}

/** What is used of a `Response`. */
export interface FetchResponse {
  readonly status: number;
  readonly type: string;
  readonly redirected: boolean;
  readonly headers: FetchHeaders;
  readonly body: FetchBody | null;
}

/** What is used of the headers of a `Response`. */
export interface FetchHeaders {
  /** The value of a header, null where there is none. */
  get(name: string): string | null;
}

/** What is used of the body of a `Response`. */
export interface FetchBody {
  /** Gives the body up. */
  cancel(): Promise<void>;
  /** Begins to read. */
  getReader(): FetchReader;
}

/** What is used of the reader of a body. */
export interface FetchReader {
  /** The next bytes. */
  read(): Promise<{ readonly done: boolean; readonly value?: Uint8Array | undefined }>;
  /** Gives the rest up. */
  cancel(): Promise<void>;
}

/** The options with their defaults. */
export interface Settings {
  readonly fetch: Fetch;
  readonly timeoutMs: number;
  readonly maxAttempts: number;
  readonly backoff: (attempt: number) => number;
  readonly requestsPerSecond: number;
}

const clientNames: OptionNames<ClientOptions> = {
  fetch: true,
  timeoutMs: true,
  maxAttempts: true,
  backoff: true,
  requestsPerSecond: true,
};

// Node's timers turn anything above 2^31-1 into 1 ms.
export const maxTimer = 2 ** 31 - 1;

/** Checks what all clients share, and that there is no option but these and `own`; throws `invalid_options`. */
export function checkOptions(of: string, options: ClientOptions, own: Readonly<Record<string, true>>): Settings {
  const given = checkNames<ClientOptions>(of, options, { ...own, ...clientNames });
  const { fetch = globalFetch, timeoutMs = 10_000, maxAttempts = 4, backoff = doubling } = given;
  const { requestsPerSecond = Number.POSITIVE_INFINITY } = given;
  if (typeof fetch !== 'function') throw invalid('fetch is not a function.', 'Leave it out for the global one.');
  if (typeof timeoutMs !== 'number' || !(timeoutMs > 0 && timeoutMs <= maxTimer)) {
    throw invalid('timeoutMs is not a time.', `Give milliseconds above 0 and at most ${maxTimer}.`);
  }
  if (!Number.isSafeInteger(maxAttempts) || maxAttempts < 1) {
    throw invalid('maxAttempts is not a number of attempts.', 'Give a whole number, at least 1.');
  }
  if (typeof backoff !== 'function') {
    throw invalid('backoff is not a function.', 'Give a function of the attempt, from 1, that returns milliseconds.');
  }
  if (typeof requestsPerSecond !== 'number' || !(requestsPerSecond >= 0.001)) {
    throw invalid('requestsPerSecond is not a rate.', 'Give a number of at least 0.001.');
  }
  return { fetch, timeoutMs, maxAttempts, backoff, requestsPerSecond };
}

/** Checks the options of a single call; throws `invalid_options`. */
export function checkCall(call: CallOptions): AbortSignal | undefined {
  if (typeof call === 'object' && call !== null && 'aborted' in call) {
    throw invalid('A signal was given where the options of the call stand.', 'Wrap it: { signal }.');
  }
  const { signal } = checkNames<CallOptions>('a call', call, { signal: true });
  if (signal !== undefined && (typeof signal !== 'object' || signal === null || !('aborted' in signal))) {
    throw invalid('signal is not an AbortSignal.', 'Give that of an AbortController, or AbortSignal.timeout(ms).');
  }
  return signal;
}

/** Milliseconds until the attempt after a failed one, with their random part. */
export function delayAfter(attempt: number, backoff: Settings['backoff']): number {
  const delay = backoff(attempt);
  if (typeof delay !== 'number' || !(delay >= 0 && delay <= maxTimer)) {
    throw invalid(`backoff(${attempt}) returned no time.`, `Return milliseconds from 0 to ${maxTimer}.`);
  }
  return Math.min(Math.round(delay * (0.8 + 0.4 * Math.random())), maxTimer);
}

// Looked up when it is called, so that what replaces it later is used, and called as a function of the global object,
// which Workers demand.
const globalFetch: Fetch = (url, init) => globalThis.fetch(url, init);

function doubling(attempt: number): number {
  return Math.min(500 * 2 ** (attempt - 1), 30_000);
}
