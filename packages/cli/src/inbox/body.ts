import { printable } from '../terminal.ts';

const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/** A body as lines for a reader, and what is to be known of them. */
export function bodyLines(body: Uint8Array): { kind: string; lines: readonly string[] } {
  const text = textOf(body);
  if (text === undefined) return { kind: 'no UTF-8 text; --raw writes them', lines: [] };
  const pretty = indented(text);
  const kind =
    pretty === undefined
      ? 'no JSON; --raw writes them as they are'
      : 'JSON, indented here; --raw writes them as they are';
  return { kind, lines: (pretty ?? text).split(/\r?\n/).map(printable) };
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

function indented(text: string): string | undefined {
  try {
    return JSON.stringify(JSON.parse(text), undefined, 2);
  } catch {
    // No JSON, or nested too deeply.
    return undefined;
  }
}
