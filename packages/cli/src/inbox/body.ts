import { printable } from '../terminal.ts';

const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/** A body as lines for a reader, and what is to be known of them. */
export function bodyLines(body: Uint8Array): { kind: string; lines: readonly string[] } {
  const text = textOf(body);
  if (text === undefined) return { kind: 'no UTF-8 text; --raw writes them', lines: [] };
  const pretty = indented(text);
  const kind = typeof pretty === 'string' ? 'JSON, indented here' : pretty.not;
  const shown = typeof pretty === 'string' ? pretty : text;
  return { kind: `${kind}; --raw writes them as they are`, lines: shown.split(/\r?\n/).map(printable) };
}

/** A body for a program: its text, or base64 where it is none. */
export function bodyRecord(body: Uint8Array): { body: string; bodyEncoding: 'utf-8' | 'base64' } {
  const text = textOf(body);
  return text === undefined
    ? { body: Buffer.from(body).toString('base64'), bodyEncoding: 'base64' }
    : { body: text, bodyEncoding: 'utf-8' };
}

/** Whether a terminal may show these bytes as they are. */
export function isDisplayable(bytes: Uint8Array): boolean {
  const text = textOf(bytes);
  if (text === undefined) return false;
  const plain = text.replace(/[\t\r\n]/g, '');
  return printable(plain) === plain;
}

function textOf(body: Uint8Array): string | undefined {
  try {
    return utf8.decode(body);
  } catch {
    return undefined;
  }
}

const indent = 2;

/** Indenting may make a body four times longer, or as long as this; what is nested is indented anew in each of its lines. */
const mostGrowth = 4;
const longestSmall = 64 * 1024;

/** JSON on lines of its own, or why it is not. */
function indented(text: string): string | { readonly not: string } {
  try {
    const value: unknown = JSON.parse(text);
    if (indentation(text) <= Math.max(longestSmall, text.length * mostGrowth)) {
      return JSON.stringify(value, undefined, indent);
    }
  } catch (error) {
    if (error instanceof SyntaxError) return { not: 'no JSON' };
    // The stack is not as deep as the JSON.
  }
  return { not: 'JSON, nested too deeply to be indented' };
}

/** How many characters indenting adds to JSON: each bracket and each comma ends a line, and the next one is indented. */
function indentation(json: string): number {
  let [added, depth] = [0, 0];
  let isText = false;
  for (let at = 0; at < json.length; at++) {
    const sign = json[at];
    if (sign === '"') isText = !isText;
    else if (isText) at += sign === '\\' ? 1 : 0;
    else if (sign === '[' || sign === '{') added += 1 + ++depth * indent;
    else if (sign === ']' || sign === '}') added += 1 + --depth * indent;
    else if (sign === ',') added += 1 + depth * indent;
  }
  return added;
}
