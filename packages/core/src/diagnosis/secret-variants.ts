import { encode, fromBase64, toBase64, toHex, withoutEnd } from '../bytes/encoding.ts';
import { type Secret, secretBytesOf, withoutSurroundings } from '../proof/secret.ts';
import type { Provider } from '../provider.ts';
import type { Finding } from './causes.ts';

/** A secret as it may have been meant. */
export interface SecretVariant extends Finding {
  readonly bytes: Uint8Array;
}

const prefix = 'whsec_';

/** What a secret could be if it was copied, stored or decoded wrongly, likeliest first. `name` is the option's. */
export function secretVariants(secret: Secret, name: string, provider: Provider): readonly SecretVariant[] {
  const isDecoded = provider.secret.encoding === 'base64';
  if (typeof secret === 'string') {
    return isDecoded ? undecodedTexts(secret, name) : [...miscopied(secret, name), ...decodedTexts(secret, name, name)];
  }
  const text = textOf(secret);
  const inCode = `new TextDecoder().decode(${name})`;
  if (text === undefined) return undecodedBytes(secret, name, isDecoded);
  // Who reads a file without naming an encoding has the bytes of a text, and all that can be wrong with a text.
  const asText = isDecoded
    ? textsAsBytes(text, name, inCode, provider)
    : [...miscopied(text, name), ...decodedTexts(text, name, inCode)];
  return [...asText, ...undecodedBytes(secret, name, isDecoded)];
}

/** A text with something around it, or without what belongs before it. */
function miscopied(text: string, name: string): readonly SecretVariant[] {
  const trimmed = text.trim();
  const meant = withoutSurroundings(text);
  const bare = withoutPrefix(meant);
  const variants: [text: string, cause: Finding['cause']][] = [];
  if (trimmed !== text) variants.push([trimmed, /[\r\n]/.test(text) ? 'secret_newline' : 'secret_whitespace']);
  if (meant !== trimmed) variants.push([meant, 'secret_quoted']);
  // Files of settings in which nobody reads the escape.
  let unescaped = meant;
  while (/^\\[nr]$/.test(unescaped.slice(-2))) unescaped = unescaped.slice(0, -2);
  if (unescaped !== meant) variants.push([unescaped, 'secret_newline']);
  if (bare === meant) variants.push([prefix + meant, 'secret_prefix_missing']);
  else variants.push([bare, 'secret_prefix_unexpected']);
  return variants.map(([variant, cause]) => ({ cause, evidence: { option: name }, bytes: encode(variant) }));
}

/** A text that the sender decodes, and the receiver does not. */
function decodedTexts(text: string, name: string, inCode: string): readonly SecretVariant[] {
  const meant = withoutSurroundings(text);
  const bare = withoutPrefix(meant);
  const variants = [
    ['hex', fromHex(bare)],
    ['base64', fromBase64(padded(bare))],
  ] as const;
  return variants.flatMap(([encoding, bytes]): SecretVariant[] => {
    if (bytes === undefined) return [];
    const give = `the decoded bytes, Buffer.from(${partOf(inCode, bare !== meant)}, '${encoding}')`;
    return [{ cause: 'secret_decoded', evidence: { option: name, encoding, give }, bytes }];
  });
}

/** A text that the receiver decodes, and the sender does not. */
function undecodedTexts(text: string, name: string): readonly SecretVariant[] {
  return [...new Set([text, withoutPrefix(text)])].map((variant): SecretVariant => {
    const give = `the bytes of that text, new TextEncoder().encode(${partOf(name, variant !== text)})`;
    return { cause: 'secret_undecoded', evidence: { option: name, give }, bytes: encode(variant) };
  });
}

/** The bytes of a text that the receiver would decode if it were given as a text. */
function textsAsBytes(text: string, name: string, inCode: string, provider: Provider): readonly SecretVariant[] {
  const bytes = secretBytesOf(withoutSurroundings(text), provider);
  if (bytes === undefined) return [];
  const give = `the text and not its bytes, ${inCode}.trim()`;
  return [{ cause: 'secret_decoded', evidence: { option: name, encoding: 'base64', give }, bytes }];
}

/** Bytes that somebody decoded, and the sender did not. */
function undecodedBytes(secret: Uint8Array, name: string, isDecoded: boolean): readonly SecretVariant[] {
  const give = isDecoded ? 'the bytes of the text as it is shown, not decoded' : 'the text as it is shown, not decoded';
  const texts = [toHex(secret), toBase64(secret), prefix + toBase64(secret)];
  return texts.map((text) => ({ cause: 'secret_undecoded', evidence: { option: name, give }, bytes: encode(text) }));
}

function withoutPrefix(text: string): string {
  return text.startsWith(prefix) ? text.slice(prefix.length) : text;
}

/** How code takes the secret, or what follows its prefix. */
function partOf(inCode: string, afterPrefix: boolean): string {
  return afterPrefix ? `${inCode}.slice(${prefix.length})` : inCode;
}

const decoder = new TextDecoder('utf-8', { fatal: true });

function textOf(bytes: Uint8Array): string | undefined {
  try {
    return decoder.decode(bytes);
  } catch {
    return undefined;
  }
}

function fromHex(text: string): Uint8Array | undefined {
  if (text.length % 2 !== 0 || !/^[0-9a-f]+$/i.test(text)) return undefined;
  return Uint8Array.from({ length: text.length / 2 }, (_, index) =>
    Number.parseInt(text.slice(index * 2, index * 2 + 2), 16),
  );
}

/** The usual alphabet and padding, for what was written in the URL's. */
function padded(text: string): string {
  const usual = withoutEnd(text.replaceAll('-', '+').replaceAll('_', '/'), '=');
  return usual.padEnd(Math.ceil(usual.length / 4) * 4, '=');
}
