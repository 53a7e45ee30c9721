/**
 * Headers as any framework holds them: the `Headers` of fetch, or a record of Node's kind with strings, arrays and
 * undefined in it. Names may be in any case.
 */
export type HeadersInput =
  | Iterable<readonly [string, string]>
  | Readonly<Record<string, string | readonly string[] | undefined>>;

/** A delivery's headers, by name in lower case; a header that came several times is joined with `, `. */
export type DeliveryHeaders = ReadonlyMap<string, string>;

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
