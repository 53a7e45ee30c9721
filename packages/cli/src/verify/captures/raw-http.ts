import { readFraming } from './framing.ts';
import { maxHeadBytes, readHead, tooLong } from './head.ts';
import type { CapturedRequest } from './request.ts';

/**
 * Reads a request as it travels over HTTP/1.1. The line breaks of its head may be CRLF or LF; the bytes of its body stay as
 * they are.
 */
export function readRawHttp(bytes: Uint8Array): CapturedRequest {
  // One character for each byte, as Node reads headers.
  const text = Buffer.from(bytes.subarray(0, maxHeadBytes + 2)).toString('latin1');
  const start = Math.max(text.search(/\S/), 0);
  const emptyLine = /\n[ \t]*\r?\n/g;
  emptyLine.lastIndex = start;
  const end = emptyLine.exec(text);
  if (end === null && bytes.length > maxHeadBytes) throw tooLong();
  const lines = text.slice(start, end?.index).split('\n');
  const head = readHead(lines.map((line) => line.trimEnd()).filter((line) => line !== ''));
  const { notes, ...framed } = readFraming(
    head.headers,
    bytes.subarray(end === null ? bytes.length : emptyLine.lastIndex),
  );
  return { ...head, ...framed, notes: [...head.notes, ...notes] };
}
