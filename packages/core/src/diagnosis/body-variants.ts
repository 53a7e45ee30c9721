import { encode, fromBase64, withoutEnd } from '../bytes/encoding.ts';
import { streamReader } from '../bytes/stream.ts';
import { isJsonObject } from '../event/event.ts';
import type { Finding } from './causes.ts';

/** A body as it may have been signed. */
export interface BodyVariant extends Finding {
  readonly bytes: Uint8Array;
}

const maxUnpackedBytes = 1024 * 1024;

// Replacing and writing anew cost far more than an HMAC, and can make a body many times as long.
const maxRewrittenBytes = 64 * 1024;
const maxDepth = 32;

/**
 * What a body could have been before something changed it, likeliest first. It is made one by one, because each costs
 * time: the search ends with the first that fits.
 */
export async function* bodyVariants(body: Uint8Array): AsyncGenerator<BodyVariant> {
  const unzipped = await gunzip(body);
  if (unzipped !== undefined) yield { cause: 'body_gzipped', evidence: {}, bytes: unzipped };
  const text = decode(body);
  if (text === undefined) return;
  for (const [cause, how, signed] of textVariants(text)) {
    if (signed !== text) yield { cause, evidence: how === '' ? {} : { how }, bytes: encode(signed) };
  }
  if (body.length <= maxRewrittenBytes) {
    for (const [how, bytes] of latin1Variants(body, text)) yield { cause: 'body_latin1', evidence: { how }, bytes };
  }
  const listed = listedBytes(text);
  if (listed !== undefined) yield { cause: 'body_json_bytes', evidence: {}, bytes: listed };
  const decoded = fromBase64(text.trim());
  if (decoded !== undefined) yield { cause: 'body_base64', evidence: {}, bytes: decoded };
}

const indents = [
  ['with an indent of 2', 2],
  ['with an indent of 4', 4],
  ['with tabs', '\t'],
] as const;

type TextVariant = readonly [cause: Finding['cause'], how: string, signed: string];

function* textVariants(text: string): Generator<TextVariant> {
  const bom = '\ufeff';
  if (text.startsWith(bom)) yield ['body_bom', 'without', text.slice(1)];
  else yield ['body_bom', 'with', bom + text];
  const trimmed = withoutEnd(text, '\r\n');
  if (trimmed !== text) yield ['body_final_newline', 'without the line break at its end', trimmed];
  yield ['body_final_newline', 'with a line break at its end', `${trimmed}\n`];
  yield ['body_final_newline', 'with a line break (CRLF) at its end', `${trimmed}\r\n`];
  if (text.length > maxRewrittenBytes) return;
  const unix = text.replaceAll('\r\n', '\n');
  yield ['body_line_endings', 'LF', unix];
  yield ['body_line_endings', 'CRLF', unix.replaceAll('\n', '\r\n')];
  yield* jsonVariants(text);
  yield* formVariants(text);
}

function* jsonVariants(text: string): Generator<TextVariant> {
  const value = parse(text);
  if (value === undefined || !isShallow(value, maxDepth)) return;
  if (typeof value === 'string') yield ['body_json_string', '', value];
  const compact = JSON.stringify(value);
  yield ['body_reserialised', 'compactly', compact];
  for (const [how, indent] of indents) {
    const lines = JSON.stringify(value, undefined, indent);
    yield ['body_reserialised', how, lines];
    // As editors save it: `curl -d @file` takes out every line break of a file.
    yield ['body_reserialised', `${how} and a line break at its end`, `${lines}\n`];
    yield ['body_reserialised', `${how} and CRLF, also at its end`, `${lines}\n`.replaceAll('\n', '\r\n')];
  }
  const spaced = withSpaces(compact);
  yield ['body_reserialised', 'with a space after commas and colons', spaced];
  yield [
    'body_reserialised',
    'with a space after commas and colons, and escapes in place of non-ASCII',
    escaped(spaced),
  ];
  yield ['body_reserialised', 'compactly, with escapes in place of non-ASCII', escaped(compact)];
  const slashes = compact.replaceAll('/', '\\/');
  yield ['body_reserialised', 'compactly, with escaped slashes', slashes];
  yield ['body_reserialised', 'compactly, with escapes in place of slashes and non-ASCII', escaped(slashes)];
}

/** The bytes that stand as numbers in what JSON makes of a Buffer, a Uint8Array or a list of them. */
function listedBytes(text: string): Uint8Array | undefined {
  if (!/^(?:\{"0":|\{"type":"Buffer","data":)?\[?\d/.test(text)) return undefined;
  const value = parse(text);
  const list = isJsonObject(value) && Array.isArray(value['data']) ? value['data'] : value;
  const numbers = Object.values(Object(list));
  const isByte = (number: unknown) => Number.isInteger(number) && Number(number) >> 8 === 0;
  return numbers.length > 0 && numbers.every(isByte) ? Uint8Array.from(numbers) : undefined;
}

/** Whether a body is JSON that begins and does not end. */
export function isCutOff(body: Uint8Array): boolean {
  const marks = new TextDecoder().decode(body).replace(/"(?:[^"\\]|\\.)*"?/gs, '');
  return /^\s*[[{]/.test(marks) && marks.split(/[[{]/).length > marks.split(/[\]}]/).length;
}

function isShallow(value: unknown, depth: number): boolean {
  if (typeof value !== 'object' || value === null) return true;
  return depth > 0 && Object.values(value).every((inner) => isShallow(inner, depth - 1));
}

/** A form, or the value of its only field. */
function* formVariants(text: string): Generator<TextVariant> {
  if (!/%[0-9a-f]{2}/i.test(text)) return;
  for (const encoded of [text, text.slice(text.indexOf('=') + 1)]) {
    for (const plain of [encoded, encoded.replaceAll('+', ' ')]) {
      const decoded = percentDecode(plain);
      if (decoded !== undefined) yield ['body_percent_encoded', '', decoded];
    }
  }
}

/** The two ways in which UTF-8 and Latin-1 are confused. */
function* latin1Variants(body: Uint8Array, text: string): Generator<[how: string, bytes: Uint8Array]> {
  if (!body.some((byte) => byte > 0x7f)) return;
  const units = Array.from(text, (character) => character.codePointAt(0) ?? 0);
  if (units.every((unit) => unit <= 0xff)) {
    yield ['before it was read as Latin-1 and written as UTF-8', Uint8Array.from(units)];
  }
  const misread = Array.from(body, (byte) => String.fromCharCode(byte)).join('');
  yield ['as it reads in Latin-1', encode(misread)];
}

/** Spaces as many languages write them by default, outside of strings. */
function withSpaces(compact: string): string {
  return compact.replace(/"(?:[^"\\]|\\.)*"|[,:]/g, (token) => (token.length === 1 ? `${token} ` : token));
}

function escaped(json: string): string {
  return json.replace(/[\u007f-\uffff]/g, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`);
}

const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

function decode(body: Uint8Array): string | undefined {
  try {
    return decoder.decode(body);
  } catch {
    return undefined;
  }
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text.replace(/^\ufeff/, ''));
  } catch {
    return undefined;
  }
}

function percentDecode(text: string): string | undefined {
  try {
    return decodeURIComponent(text);
  } catch {
    return undefined;
  }
}

/** Unpacks gzip, but no bomb; undefined where it is none, or the runtime cannot. */
async function gunzip(body: Uint8Array): Promise<Uint8Array | undefined> {
  if (body[0] !== 0x1f || body[1] !== 0x8b) return undefined;
  try {
    // As a property: builds for edge runtimes, where it is there and throws, warn of the bare name.
    const { DecompressionStream } = globalThis;
    const unpacked = new Blob([Uint8Array.from(body)]).stream().pipeThrough(new DecompressionStream('gzip'));
    const { signal } = new AbortController();
    return await streamReader(unpacked)({ maxBytes: maxUnpackedBytes, signal });
  } catch {
    return undefined;
  }
}
