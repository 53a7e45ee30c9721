/** A body that came in chunks, put together. */
export interface Dechunked {
  readonly body: Uint8Array;
  /** Whether the last chunk is missing. */
  readonly isCut: boolean;
}

/**
 * Takes away the framing of `Transfer-Encoding: chunked` (RFC 9112, 7.1); undefined where the bytes are not framed so,
 * because a tool has done it already. Line breaks may have become LF.
 */
export function dechunk(bytes: Uint8Array): Dechunked | undefined {
  const body = new Uint8Array(bytes.length);
  let length = 0;
  let at = 0;
  while (at < bytes.length) {
    const line = sizeLine(bytes, at);
    if (line === undefined) return at === 0 ? undefined : { body: body.subarray(0, length), isCut: true };
    if (line.size === 0) return { body: body.subarray(0, length), isCut: false };
    const data = bytes.subarray(line.end, line.end + line.size);
    body.set(data, length);
    length += data.length;
    at = afterLineBreak(bytes, line.end + line.size);
    // After the data of a chunk is a line break, or the end of what was captured.
    if (at === line.end + line.size && at < bytes.length) return undefined;
  }
  return at === 0 ? undefined : { body: body.subarray(0, length), isCut: true };
}

const longestSizeLine = 1024;

/** The size of a chunk, in hex before its extensions, and where its data begins. */
function sizeLine(bytes: Uint8Array, from: number): { readonly size: number; readonly end: number } | undefined {
  const end = bytes.subarray(from, from + longestSizeLine).indexOf(0x0a);
  if (end === -1) return undefined;
  const [digits = ''] = Buffer.from(bytes.subarray(from, from + end))
    .toString('latin1')
    .split(';');
  if (!/^[\da-f]{1,8}$/i.test(digits.trim())) return undefined;
  return { size: Number.parseInt(digits, 16), end: from + end + 1 };
}

function afterLineBreak(bytes: Uint8Array, at: number): number {
  if (bytes[at] === 0x0a) return at + 1;
  return bytes[at] === 0x0d && bytes[at + 1] === 0x0a ? at + 2 : at;
}
