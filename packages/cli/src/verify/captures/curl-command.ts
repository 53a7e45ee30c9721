import { parseArgs } from 'node:util';
import { usage } from '../../failure.ts';
import { type CapturedRequest, type Header, mayHaveBody } from './request.ts';
import { wordsOf } from './words.ts';

/** Options by which curl composes the body, or takes it from elsewhere. */
const composes = new Set(['data-urlencode', 'form', 'F', 'form-string', 'get', 'G', 'upload-file', 'T']);

/** How a command is known by its first line, which is no longer than this. */
const longestFirstLine = 2_000;

/** What may stand before `curl` where a command is copied from a terminal, each part as a pattern. */
const before = [
  /(?:[^\n{"']{0,200}?[$#%>\x80-\xff][ \t]*)?/, // the prompt: `$ `, `PS C:\> `, `user@host:~$ `
  /(?:(?:sudo|time|env|command|exec)[ \t]+)*/,
  /(?:[A-Za-z_]\w*=(?:'[^'\n]*'|"[^"\n]*"|[^\s'"]*)[ \t]+)*/, // variables
  /(?:&[ \t]*)?(?:["']?(?:[A-Za-z]:)?[\w.~()/\\ -]*[/\\]|\\)?/, // the folder
];
const toCurl = new RegExp(`^(?:${before.map(({ source }) => source).join('')})(curl(?:\\.exe)?["']?)(?=\\s)`, 'i');

/** The curl command in a text, without what a terminal shows before it; undefined where the text begins with none. */
export function curlCommandIn(text: string): string | undefined {
  const [lead, curl] = toCurl.exec(text.slice(0, longestFirstLine)) ?? [];
  if (lead === undefined || curl === undefined) return undefined;
  const command = `curl${text.slice(lead.length)}`;
  // A terminal shows a prompt in each further line too.
  return lead === curl ? command : command.replace(/\\\r?\n> /g, '\\\n');
}

/** The stack that a longer quoted part would need is more than Node has. */
const maxCommandBytes = 4 * 1024 * 1024;

const text = { type: 'string', multiple: true } as const;

/** Reads a curl command as browsers copy it, a character for each byte: its headers and what it sends. Nothing is run. */
export function readCurlCommand(command: string): CapturedRequest {
  if (command.length > maxCommandBytes)
    throw usage('The curl command is larger than 4 MiB.', 'Give the body with --body-file.');
  const firstLine = command.slice(0, longestFirstLine).split('\n', 1).join('');
  if (/ `\r?$/.test(firstLine)) throw ofPowerShell();
  if (isOfCmd(command)) {
    throw usage(
      'This command was copied for cmd of Windows, whose quoting is not read here.',
      'Copy it as "cURL (bash)".',
    );
  }
  const [, ...args] = wordsOf(command);
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
  if (given.some(({ name, value }) => name === 'header' && value.startsWith('@'))) {
    throw usage(
      'The command takes headers from a file, which is not read here.',
      "Give them with --header 'name: value'.",
    );
  }
  const method = given.findLast(({ name }) => name === 'request')?.value ?? (data.length === 0 ? 'GET' : 'POST');
  const headers = given.flatMap(({ name, value }) => (name === 'header' ? headerIn(value) : []));
  const isMissing = data.length === 0 && mayHaveBody(method, headers);
  return {
    method,
    target: positionals.find((word) => word.includes('/')),
    headers,
    body: isMissing ? undefined : Buffer.from(data.map(({ value }) => value).join('&'), 'latin1'),
    whyNoBody: 'The command has no -d or --data-raw: browsers leave it out where they have the body no more.',
    isCut: false,
    notes: given.some(({ name, value }) => name === 'header' && /\$[({]?[A-Za-z_]/.test(value))
      ? ['A header has a $ before a name: where your shell was to put a variable, there is none here.']
      : [],
  };
}

/** A command in which lines go on after a backtick. */
export function ofPowerShell(): Error {
  return usage(
    'This command was copied for PowerShell, which is not read here.',
    'Copy it as "cURL (bash)", or save a HAR.',
  );
}

/** `curl ^"https://…^" ^`, as browsers copy it: for a POSIX shell these are plain signs. */
function isOfCmd(command: string): boolean {
  const begin = command.slice(0, longestFirstLine).slice('curl'.length).trimStart();
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
