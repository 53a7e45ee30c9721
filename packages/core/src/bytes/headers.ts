/**
 * Headers as any framework holds them: the `Headers` of fetch, or a record of Node's kind with strings, arrays and
 * undefined in it. Names may be in any case.
 */
export type HeadersInput =
  | Iterable<readonly [string, string]>
  | Readonly<Record<string, string | readonly string[] | undefined>>;

/** A delivery's headers, by name in lower case; a header that came several times is joined with `, `. */
export type DeliveryHeaders = ReadonlyMap<string, string>;

/** What it takes to look up a few headers, by name in lower case. */
export type HeaderLookup = Pick<DeliveryHeaders, 'get' | 'has'>;

/** Headers that arrived: looked up where they are, and copied only for whoever wants them all. */
export interface ArrivedHeaders extends HeaderLookup {
  /** All of them, as they are when somebody first asks. */
  readonly all: DeliveryHeaders;
}

/** Headers in whatever form, to look some of them up. */
export function arrivedHeaders(input: HeadersInput): ArrivedHeaders {
  if (!isIterable(input)) return hasLowerCase(input) ? new RecordHeaders(input) : new CopiedHeaders(input);
  return isFetchHeaders(input) ? new FetchHeaders(input) : new CopiedHeaders(input);
}

/** Names in any case are found only in a copy. */
class CopiedHeaders implements ArrivedHeaders {
  readonly all: DeliveryHeaders;

  constructor(input: HeadersInput) {
    this.all = readHeaders(input);
  }

  get(name: string): string | undefined {
    return this.all.get(name);
  }

  has(name: string): boolean {
    return this.all.has(name);
  }
}

/** Node's headers, whose names are in lower case. */
class RecordHeaders implements ArrivedHeaders {
  readonly #record: Readonly<Record<string, string | readonly string[] | undefined>>;
  #all: DeliveryHeaders | undefined;

  constructor(record: Readonly<Record<string, string | readonly string[] | undefined>>) {
    this.#record = record;
  }

  get all(): DeliveryHeaders {
    this.#all ??= readHeaders(this.#record);
    return this.#all;
  }

  get(name: string): string | undefined {
    // Own properties alone: what a plain object inherits is not a header.
    if (!Object.hasOwn(this.#record, name)) return undefined;
    const value = this.#record[name];
    return typeof value === 'string' ? value : this.all.get(name);
  }

  has(name: string): boolean {
    return this.get(name) !== undefined;
  }
}

/** `Headers` of whatever runtime, which find names in any case and join what came several times. */
class FetchHeaders implements ArrivedHeaders {
  readonly #headers: Headers;
  #all: DeliveryHeaders | undefined;

  constructor(headers: Headers) {
    this.#headers = headers;
  }

  get all(): DeliveryHeaders {
    this.#all ??= readHeaders(this.#headers);
    return this.#all;
  }

  get(name: string): string | undefined {
    return this.#headers.get(name) ?? undefined;
  }

  has(name: string): boolean {
    return this.#headers.has(name);
  }
}

/** Names that are known to be in lower case. They come from outside, so only so many are remembered. */
const lowerCase = new Set<string>();
const maxNames = 512;

function hasLowerCase(record: object): boolean {
  for (const name in record) {
    if (lowerCase.has(name)) continue;
    if (name !== name.toLowerCase()) return false;
    if (lowerCase.size < maxNames) lowerCase.add(name);
  }
  return true;
}

// A Map, because header names come from outside and must never index a plain object.
export function readHeaders(input: HeadersInput): DeliveryHeaders {
  const headers = new Map<string, string>();
  for (const [name, value] of isIterable(input) ? input : Object.entries(input)) {
    if (value === undefined || value === null) continue;
    const key = name.toLowerCase();
    const text = Array.isArray(value) ? value.join(', ') : String(value);
    const earlier = headers.get(key);
    headers.set(key, earlier === undefined ? text : `${earlier}, ${text}`);
  }
  return headers;
}

function isIterable(input: HeadersInput): input is Iterable<readonly [string, string]> {
  return Symbol.iterator in input;
}

// A Map has `get` too, but its names may be in any case.
function isFetchHeaders(input: object): input is Headers {
  return Object.prototype.toString.call(input) === '[object Headers]';
}
