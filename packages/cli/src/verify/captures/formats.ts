import { usage } from '../../failure.ts';
import { curlCommandIn, ofPowerShell, readCurlCommand } from './curl-command.ts';
import { isTraceLine, readCurlTrace } from './curl-trace.ts';
import { readCurlVerbose } from './curl-verbose.ts';
import { readHar } from './har.ts';
import { readRequestLine } from './head.ts';
import { readRawHttp } from './raw-http.ts';
import type { CapturedRequest } from './request.ts';

/** What `--format` takes. */
export const formats = ['har', 'http', 'curl'] as const;

export type Format = (typeof formats)[number];

/** Reads the requests of a capture, in a format that is found out where it is not given. */
export function readCapture(capture: Uint8Array, format?: Format): readonly CapturedRequest[] {
  const bytes = withoutMark(capture);
  const begin = Buffer.from(bytes.subarray(0, 64 * 1024)).toString('latin1');
  if (begin.trim() === '') throw usage('There is no request in it: the input is empty.');
  const requests = readers[kindOf(begin, format)](bytes);
  if (requests.length > 0) return requests;
  throw usage('There is no request in it.', 'hookproof verify --help tells what a capture looks like.');
}

const readers = {
  har: (bytes: Uint8Array) => readHar(Buffer.from(bytes).toString('utf8')),
  http: (bytes: Uint8Array) => [readRawHttp(bytes)],
  command: (bytes: Uint8Array) => [readCurlCommand(curlCommandIn(Buffer.from(bytes).toString('latin1').trim()) ?? '')],
  trace: (bytes: Uint8Array) => readCurlTrace(Buffer.from(bytes).toString('latin1')),
  verbose: (bytes: Uint8Array) => readCurlVerbose(Buffer.from(bytes).toString('latin1')),
} as const;

function kindOf(begin: string, format: Format | undefined): keyof typeof readers {
  if (format === 'har' || format === 'http') return format;
  const text = begin.trimStart();
  if (curlCommandIn(text) !== undefined) return 'command';
  if (/^(?:\$session = |Invoke-WebRequest\b)/.test(text)) throw ofPowerShell();
  if (format === undefined && text.startsWith('{') && !text.startsWith('{ [')) return 'har';
  for (const line of text.split('\n')) {
    if (format === undefined && readRequestLine(line) !== undefined) return 'http';
    if (isTraceLine(line)) return 'trace';
    if (/^[*>] /.test(line)) return 'verbose';
  }
  return format === undefined ? 'http' : 'verbose';
}

/** Editors of Windows write a byte order mark, and PowerShell writes UTF-16, in which no body keeps its bytes. */
function withoutMark(bytes: Uint8Array): Uint8Array {
  const [first, second, third] = bytes;
  if ((first === 0xff && second === 0xfe) || (first === 0xfe && second === 0xff)) {
    throw usage(
      'The capture is UTF-16, as > of PowerShell writes it.',
      'Save it as UTF-8, or let curl write it: -o, --trace.',
    );
  }
  return first === 0xef && second === 0xbb && third === 0xbf ? bytes.subarray(3) : bytes;
}
