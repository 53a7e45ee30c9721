import { exitCode } from '../../exit-code.ts';
import { Failure } from '../../failure.ts';
import { dechunk } from './chunked.ts';
import { type CapturedRequest, type Header, headerOf } from './request.ts';

/** The body in a capture, and what its framing says of it. */
export type Framed = Pick<CapturedRequest, 'isCut' | 'counted' | 'notes'> & { readonly body: Uint8Array };

/** Finds the body in what follows the head of a request, by what the headers say of its length. */
export function readFraming(headers: readonly Header[], following: Uint8Array): Framed {
  checkFraming(headers);
  const whole = { body: following, isCut: false, counted: undefined, notes: [] };
  if (/\bchunked$/i.test(headerOf(headers, 'transfer-encoding') ?? '')) {
    const dechunked = dechunk(following);
    if (dechunked === undefined) return whole;
    const { body, isCut } = dechunked;
    return { ...whole, body, isCut, notes: isCut ? ['The capture ends before the last chunk of the body.'] : [] };
  }
  const length = lengthOf(headers);
  const more = length === undefined ? 0 : following.length - length;
  if (more === 0) return whole;
  if (more < 0) {
    const note = `Content-Length says ${length} bytes, and the capture has ${following.length} of the body.`;
    return { ...whole, isCut: true, notes: [note] };
  }
  if (/^\s+$/.test(Buffer.from(following.subarray(-more)).toString('latin1'))) {
    const note = 'The space at the end of the capture was left out: by Content-Length it is no part of the body.';
    return { ...whole, body: following.subarray(0, length), notes: [note] };
  }
  const note = `Content-Length says ${length} bytes, and ${following.length} follow the headers.`;
  return { ...whole, counted: length, notes: [note] };
}

/** Two lengths are how one request is smuggled into another: no server takes them (RFC 9112, 6.3). */
function checkFraming(headers: readonly Header[]): void {
  const lengths = new Set((headerOf(headers, 'content-length') ?? '').split(',').map((length) => length.trim()));
  const isChunked = headerOf(headers, 'transfer-encoding') !== undefined;
  if (lengths.size < 2 && !(isChunked && !lengths.has(''))) return;
  throw new Failure(
    exitCode.no,
    'bad_request',
    isChunked
      ? 'The request has Content-Length and Transfer-Encoding: a server answers 400, before a receiver sees it.'
      : 'The request has several lengths in Content-Length: a server answers 400, before a receiver sees it.',
    { fix: 'Look for what changes requests on their way, or capture it anew.' },
  );
}

function lengthOf(headers: readonly Header[]): number | undefined {
  const value = headerOf(headers, 'content-length');
  return value !== undefined && /^\d{1,15}$/.test(value) ? Number(value) : undefined;
}
