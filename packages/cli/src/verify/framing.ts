import { dechunk } from './chunked.ts';
import { type CapturedRequest, type Header, headerOf } from './request.ts';

/** Finds the body in what follows the head of a request, by what the headers say of its length. */
export function readFraming(
  headers: readonly Header[],
  following: Uint8Array,
): Pick<CapturedRequest, 'isCut' | 'notes'> & { readonly body: Uint8Array } {
  if (/\bchunked$/i.test(headerOf(headers, 'transfer-encoding') ?? '')) {
    const dechunked = dechunk(following);
    if (dechunked === undefined) return { body: following, isCut: false, notes: [] };
    const { body, isCut } = dechunked;
    return { body, isCut, notes: isCut ? ['The capture ends before the last chunk of the body.'] : [] };
  }
  const length = lengthOf(headers);
  const more = length === undefined ? 0 : following.length - length;
  if (more === 0) return { body: following, isCut: false, notes: [] };
  if (more < 0) {
    const note = `Content-Length says ${length} bytes, and the capture has ${following.length} of the body.`;
    return { body: following, isCut: true, notes: [note] };
  }
  const extra = Buffer.from(following.subarray(-more)).toString('latin1');
  if (extra === '\n' || extra === '\r\n') {
    const note = 'The line break at the end of the capture was left out: by Content-Length it is no part of the body.';
    return { body: following.subarray(0, length), isCut: false, notes: [note] };
  }
  // Something may have changed the body after it was measured: the diagnosis finds out with all of it.
  const note = `Content-Length says ${length} bytes, and ${following.length} follow the headers: all were taken.`;
  return { body: following, isCut: false, notes: [note] };
}

function lengthOf(headers: readonly Header[]): number | undefined {
  const value = headerOf(headers, 'content-length');
  return value !== undefined && /^\d{1,15}$/.test(value) ? Number(value) : undefined;
}
