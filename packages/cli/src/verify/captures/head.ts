import { usage } from '../../failure.ts';
import type { CapturedRequest, Header } from './request.ts';

/** What stands before the body. */
export type Head = Pick<CapturedRequest, 'method' | 'target' | 'headers' | 'notes'>;

/** Four times what Node takes. */
export const maxHeadBytes = 64 * 1024;

/** Reads a request line and headers from their lines; the request line may be missing. */
export function readHead(lines: readonly string[]): Head {
  if (lines.reduce((sum, line) => sum + line.length, 0) > maxHeadBytes) throw tooLong();
  const [first = ''] = lines;
  if (first.startsWith('HTTP/')) throw usage('This is a response.', 'Give the request that was refused.');
  const requestLine = readRequestLine(first);
  const all = readHeaders(requestLine === undefined ? lines : lines.slice(1), requestLine === undefined ? 1 : 2);
  // HTTP/2 has the request line in these.
  const pseudo = new Map(all.filter(([name]) => name.startsWith(':')));
  const method = requestLine?.method ?? pseudo.get(':method');
  return {
    method: method ?? 'POST',
    target: requestLine?.target ?? pseudo.get(':path'),
    headers: all.filter(([name]) => !name.startsWith(':')),
    notes: method === undefined ? ['The capture has no request line: it is taken for a POST.'] : [],
  };
}

/** A head that does not end, or is too long to be one. */
export function tooLong(): Error {
  return usage(
    `No head of a request is longer than ${maxHeadBytes / 1024} KiB.`,
    'Give the request as text, with an empty line between its headers and its body; see hookproof verify --help.',
  );
}

/** Whether a line can be the first of a request: `POST /path HTTP/1.1`. */
export function readRequestLine(line: string): { readonly method: string; readonly target: string } | undefined {
  const [method = '', target = '', version = 'HTTP/', ...more] = line.trimEnd().split(' ');
  const isOne = /^[A-Za-z-]{1,32}$/.test(method) && target !== '' && version.startsWith('HTTP/') && more.length === 0;
  return isOne ? { method, target } : undefined;
}

function readHeaders(lines: readonly string[], firstNumber: number): readonly Header[] {
  const headers: Header[] = [];
  for (const [index, line] of lines.entries()) {
    const latest = headers.at(-1);
    if (/^[ \t]/.test(line) && latest !== undefined) {
      headers[headers.length - 1] = [latest[0], `${latest[1]} ${line.trim()}`];
      continue;
    }
    // From 1, because of `:method` of HTTP/2.
    const colon = line.indexOf(':', 1);
    const name = line.slice(0, Math.max(colon, 0));
    if (!/^:?[!#$%&'*+\-.^_`|~\w]+$/.test(name)) throw noHeader(firstNumber + index);
    headers.push([name, line.slice(colon + 1).trim()]);
  }
  return headers;
}

function noHeader(line: number): Error {
  return usage(
    `Line ${line} of the request is not a header.`,
    'Write "name: value" on each line, and an empty line between the headers and the body.',
  );
}
