import { usage } from '../../failure.ts';

// Each character is looked at once: the parts exclude one another, and the first that is missing ends it.
const part =
  /(?<end>[|&;<>\n])|(?<gap>(?:[^\S\n]|\\\r?\n)+)|'(?<single>[^']*)'|"(?<double>(?:[^"\\]|\\[\s\S])*)"|\$'(?<ansi>(?:[^'\\]|\\[\s\S])*)'|\\(?<escaped>[\s\S])|(?<plain>[^\s'"\\|&;<>$]+|\$+(?!'))/y;

/** Far more than a browser writes; parseArgs of Node takes time by the square of their number. */
const maxWords = 2000;

/**
 * The words of a command as a POSIX shell reads them, with the $'…' of bash. Nothing is expanded or run.
 *
 * @param command one character for each byte, because $'\\xc3' is a byte and no character; the words are so too
 */
export function wordsOf(command: string): readonly string[] {
  const words: string[] = [];
  let word: string | undefined;
  part.lastIndex = 0;
  for (let at = 0; at < command.length && words.length <= maxWords; at = part.lastIndex) {
    const found = part.exec(command)?.groups;
    if (found === undefined)
      throw usage(
        'A quote in the curl command is not closed.',
        'Copy it whole, as cURL (bash), into a file: a terminal may cut a long line that is pasted.',
      );
    // The command ends where another begins, or where its output goes.
    if (found['end'] !== undefined) break;
    if (found['gap'] === undefined) word = (word ?? '') + textOf(found);
    else if (word !== undefined) {
      words.push(word);
      word = undefined;
    }
  }
  const all = word === undefined ? words : [...words, word];
  if (all.length > maxWords) throw usage('The curl command has too many words.', 'Give the request as raw HTTP.');
  return all;
}

function textOf({ double, ansi, single, escaped, plain }: Partial<Record<string, string>>): string {
  if (double !== undefined) return double.replace(/\\(?:\r?\n|([$`"\\]))/g, (_all, kept = '') => kept);
  if (ansi !== undefined) return ansi.replace(escapes, unescaped);
  return single ?? escaped ?? plain ?? '';
}

const escapes = /\\(?:x([\da-fA-F]{1,2})|u([\da-fA-F]{1,4})|U([\da-fA-F]{1,6})|([0-7]{1,3})|([\s\S]))/g;

const named = new Map(Object.entries({ a: '\x07', b: '\b', e: '\x1b', f: '\f', n: '\n', r: '\r', t: '\t', v: '\v' }));

function unescaped(_all: string, x?: string, u?: string, long?: string, octal?: string, character = ''): string {
  const hex = x ?? u ?? long;
  if (hex === undefined && octal === undefined) return named.get(character) ?? character;
  if (octal !== undefined || x !== undefined) {
    return String.fromCharCode((octal === undefined ? Number.parseInt(x ?? '', 16) : Number.parseInt(octal, 8)) & 0xff);
  }
  const code = Number.parseInt(hex ?? '', 16);
  return Buffer.from(code > 0x10ffff ? '\ufffd' : String.fromCodePoint(code)).toString('latin1');
}
