import { parseArgs } from 'node:util';
import { usage } from '../../failure.ts';
import type { CapturedRequest, Header } from './request.ts';
import { wordsOf } from './words.ts';

/** Options by which curl composes the body, or takes it from elsewhere. */
const composes = new Set(['data-urlencode', 'form', 'F', 'form-string', 'get', 'G', 'upload-file', 'T']);

/** How a command for cmd is known by its first line, which is no longer than this. */
const longestFirstLine = 2_000;

/** The stack that a longer quoted part would need is more than Node has. */
const maxCommandBytes = 4 * 1024 * 1024;

const text = { type: 'string', multiple: true } as const;

/** Reads a curl command as browsers copy it, a character for each byte: its headers and what it sends. Nothing is run. */
export function readCurlCommand(command: string): CapturedRequest {
  if (command.length > maxCommandBytes)
    throw usage('The curl command is larger than 4 MiB.', 'Give the body with --body-file.');
  if (isOfCmd(command)) {
    throw usage(
      'This command was copied for cmd of Windows, whose quoting is not read here.',
      'Copy it as "cURL (bash)".',
    );
  }
  const [, ...args] = wordsOf(command.replace(/^\$ /, ''));
  const { tokens, positionals } = parseArgs({
    args,
    strict: false,
    allowPositionals: true,
    tokens: true,
    options: {
      header: { ...text, short: 'H' },
      request: { ...text, short: 'X' },
      data: { ...text, short: 'd' },
      'data-ascii': text,
      'data-raw': text,
      'data-binary': text,
      json: text,
    },
  });
  if (tokens.some((token) => token.kind === 'option' && composes.has(token.name))) {
    throw usage('The command has curl compose the body, which is not done here.', 'Give it with --body-file <path>.');
  }
  const given = tokens.flatMap((token) =>
    token.kind === 'option' && token.value !== undefined ? [{ name: token.name, value: token.value }] : [],
  );
  const data = given.filter(({ name }) => name.startsWith('data') || name === 'json');
  if (data.some(({ name, value }) => name !== 'data-raw' && value.startsWith('@'))) {
    throw usage('The command takes the body from a file, which is not read here.', 'Give it with --body-file <path>.');
  }
  const method = given.findLast(({ name }) => name === 'request')?.value;
  return {
    method: method ?? (data.length === 0 ? 'GET' : 'POST'),
    target: positionals.find((word) => word.includes('/')),
    headers: given.flatMap(({ name, value }) => (name === 'header' ? headerIn(value) : [])),
    body: Buffer.from(data.map(({ value }) => value).join('&'), 'latin1'),
    isCut: false,
    notes: given.some(({ name, value }) => name === 'header' && /\$\{?[A-Za-z_]/.test(value))
      ? ['A header has a $ before a name: where your shell was to put a variable, there is none here.']
      : [],
  };
}

/** `curl ^"https://…^" ^`, as browsers copy it: for a POSIX shell these are plain signs. */
function isOfCmd(command: string): boolean {
  const begin = command.slice(0, longestFirstLine).replace(/^\$ /, '').slice('curl'.length).trimStart();
  const end = begin.indexOf('\n');
  const line = begin.slice(0, Math.max(end, 0)).replace(/\r$/, '');
  return begin.startsWith('^"') || (` ${line}`.endsWith(' ^') && !line.includes("'"));
}

/** `name: value`; `name;` is an empty header, and `name:` one that curl leaves out. */
function headerIn(text: string): readonly Header[] {
  const colon = text.indexOf(':');
  if (colon === -1) return text.endsWith(';') ? [[text.slice(0, -1).trim(), '']] : [];
  const [name, value] = [text.slice(0, colon).trim(), text.slice(colon + 1).trim()];
  return name === '' || value === '' ? [] : [[name, value]];
}
