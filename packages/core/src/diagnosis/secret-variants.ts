import { encode, fromBase64, toBase64, toHex } from '../crypto.ts';
import type { Provider } from '../provider.ts';
import { keyOf, type Secret } from '../secret.ts';
import type { Finding } from './causes.ts';

/** A secret as it may have been meant. */
export interface SecretVariant extends Finding {
  readonly key: Uint8Array;
}

/** What a secret could be if it was copied, stored or decoded wrongly, likeliest first. `name` is the option's. */
export function secretVariants(secret: Secret, name: string, provider: Provider): readonly SecretVariant[] {
  const evidence = { secret: name };
  if (typeof secret !== 'string') {
    // Somebody decoded the text, or took the bytes of a text that should have been decoded.
    const texts = [toHex(secret), toBase64(secret), `whsec_${toBase64(secret)}`, textOf(secret)];
    return texts.flatMap((text) =>
      keysOf(text, provider).map((key): SecretVariant => ({ cause: 'secret_undecoded', evidence, key })),
    );
  }
  const text = secret.trim();
  const bare = text.replace(/^(["'`])(.*)\1$/s, '$2');
  const meant = bare.trim();
  const withoutPrefix = meant.startsWith('whsec_') ? meant.slice('whsec_'.length) : meant;
  const variants: [text: string, cause: Finding['cause']][] = [];
  if (text !== secret) variants.push([text, /[\r\n]/.test(secret) ? 'secret_newline' : 'secret_whitespace']);
  if (meant !== text) variants.push([meant, 'secret_quoted']);
  if (withoutPrefix !== meant) variants.push([withoutPrefix, 'secret_prefix_unexpected']);
  else variants.push([`whsec_${meant}`, 'secret_prefix_missing']);
  const asText = variants.flatMap(([variant, cause]) =>
    keysOf(variant, provider).map((key): SecretVariant => ({ cause, evidence, key })),
  );
  if (provider.secret.encoding === 'base64') {
    const undecoded = [meant, withoutPrefix].map(encode);
    return [...asText, ...undecoded.map((key): SecretVariant => ({ cause: 'secret_undecoded', evidence, key }))];
  }
  const decoded = [
    ['hex', fromHex(withoutPrefix)],
    ['base64', fromBase64(padded(withoutPrefix))],
  ] as const;
  return [
    ...asText,
    ...decoded.flatMap(([encoding, key]): SecretVariant[] =>
      key === undefined ? [] : [{ cause: 'secret_decoded', evidence: { ...evidence, encoding }, key }],
    ),
  ];
}

function keysOf(text: string, provider: Provider): readonly Uint8Array[] {
  const key = keyOf(text, provider);
  return key === undefined ? [] : [key];
}

const decoder = new TextDecoder();

function textOf(bytes: Uint8Array): string {
  return decoder.decode(bytes).trim();
}

function fromHex(text: string): Uint8Array | undefined {
  if (text.length % 2 !== 0 || !/^[0-9a-f]+$/i.test(text)) return undefined;
  return Uint8Array.from({ length: text.length / 2 }, (_, index) =>
    Number.parseInt(text.slice(index * 2, index * 2 + 2), 16),
  );
}

/** The usual alphabet and padding, for what was written in the URL's. */
function padded(text: string): string {
  const usual = text.replaceAll('-', '+').replaceAll('_', '/').replace(/=+$/, '');
  return usual.padEnd(Math.ceil(usual.length / 4) * 4, '=');
}
