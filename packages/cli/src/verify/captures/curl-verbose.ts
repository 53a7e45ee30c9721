import { readHead } from './head.ts';
import { type CapturedRequest, mayHaveBody } from './request.ts';

/** Reads what `curl -v` prints: `> ` stands before what it sends. The body is not in it. */
export function readCurlVerbose(text: string): readonly CapturedRequest[] {
  const requests: CapturedRequest[] = [];
  let lines: string[] = [];
  for (const line of text.split('\n')) {
    const sent = /^> ?/.test(line) ? line.slice(1).trim() : undefined;
    if (sent === undefined) continue;
    if (sent !== '') {
      lines.push(sent);
      continue;
    }
    if (lines.length > 0) requests.push(requestOf(lines));
    lines = [];
  }
  // The empty line at the end of the head is easily lost.
  if (lines.length > 0) requests.push(requestOf(lines));
  return requests;
}

function requestOf(lines: readonly string[]): CapturedRequest {
  const head = readHead(lines);
  const body = mayHaveBody(head.method, head.headers) ? undefined : new Uint8Array();
  return { ...head, body, whyNoBody: 'curl -v does not print it.', isCut: false };
}
