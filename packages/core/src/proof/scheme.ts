import { invalid } from '../error.ts';
import { checkNames } from '../option-names.ts';
import { type HashAlgorithm, macBytes } from './cryptography.ts';

/**
 * How a provider signs, as data. The signature is always an HMAC; the template in `signs` says over what.
 *
 * @example
 * ```ts
 * import type { SignatureScheme } from '@hookproof/core';
 *
 * export const slack: SignatureScheme = {
 *   header: 'x-slack-signature',
 *   encoding: 'hex',
 *   prefix: 'v0=',
 *   signs: 'v0:{timestamp}:{body}',
 *   timestamp: { header: 'x-slack-request-timestamp' },
 * };
 * ```
 */
export interface SignatureScheme {
  /** The header that carries the signature; of several names, the first that is present is read. */
  readonly header: string | readonly string[];
  /** Hash of the HMAC; `sha256` by default. */
  readonly algorithm?: HashAlgorithm;
  /** Hex in either case, or base64 with padding. Anything else is `malformed_signature`. */
  readonly encoding: 'hex' | 'base64';
  /** Text before each signature, such as `sha256=` or `v1,`. */
  readonly prefix?: string;
  /** What separates several signatures in one header, such as a space; without it the header is one signature. */
  readonly separator?: string;
  /**
   * What is signed: literal text with `{id}`, `{timestamp}` and `{body}`; `{body}` by default. It ends with `{body}`,
   * and literal text follows `{id}` and `{timestamp}`, so that no two deliveries share signed bytes.
   */
  readonly signs?: string;
  /** Where the signed time is, in seconds since 1970, and how far from now it may be (300 seconds by default). */
  readonly timestamp?: {
    readonly header: string | readonly string[];
    /** Text before the time where the header holds more, such as Stripe's `t=`; entries are split at `separator`. */
    readonly prefix?: string;
    readonly toleranceSeconds?: number;
  };
  /** Where the signed id is. */
  readonly id?: { readonly header: string | readonly string[] };
}

/** A {@link SignatureScheme} that was checked, with its defaults filled in. */
export interface CompiledScheme {
  readonly headers: readonly string[];
  readonly algorithm: HashAlgorithm;
  readonly encoding: 'hex' | 'base64';
  readonly prefix: string;
  readonly separator: string | undefined;
  /** The template up to `{body}`: literal text at even places, `id` or `timestamp` at odd ones. */
  readonly template: readonly string[];
  readonly timestamp: { readonly headers: readonly string[]; readonly prefix: string } | undefined;
  readonly toleranceSeconds: number;
  readonly id: { readonly headers: readonly string[] } | undefined;
  /** How a signature is written after its prefix: so many digits, with none of what is not a digit, and then this. */
  readonly digits: number;
  readonly noDigit: RegExp;
  readonly padding: string;
  /** That form in words. */
  readonly looksLike: string;
  /** Characters that would make it unclear where the signed id ends. */
  readonly idEnd: string | undefined;
  /** Every header that it reads. */
  readonly reads: readonly string[];
}

/** Checks a scheme and fills in its defaults; throws `invalid_options` with the provider's name in the message. */
export function compileScheme(given: SignatureScheme, provider: string): CompiledScheme {
  const scheme = ownScheme(`defineProvider("${provider}")`, given);
  const at = `defineProvider("${provider}"): signature`;
  const headers = [scheme.header, scheme.timestamp?.header ?? 'unused', scheme.id?.header ?? 'unused'].map(lowerCase);
  if (!headers.every((names) => names.length > 0 && names.every((header) => header !== ''))) {
    throw invalid(`${at}.header, timestamp.header and id.header must name at least one header`);
  }
  if (scheme.encoding !== 'hex' && scheme.encoding !== 'base64') {
    throw invalid(`${at}.encoding must be 'hex' or 'base64'`);
  }
  if (!Object.hasOwn(macBytes, scheme.algorithm ?? 'sha256')) {
    throw invalid(`${at}.algorithm must be one of ${Object.keys(macBytes).join(', ')}`);
  }
  if (scheme.separator === '') throw invalid(`${at}.separator must not be empty`);
  const signs = scheme.signs ?? '{body}';
  if (!signs.endsWith('{body}')) throw invalid(`${at}.signs must end with {body}, but is "${signs}"`);
  const template = signs.slice(0, -'{body}'.length).split(/\{(id|timestamp)\}/);
  let idEnd: string | undefined;
  template.forEach((part, index) => {
    const next = template[index + 1];
    if (index % 2 === 0 && /[{}]/.test(part)) {
      throw invalid(`${at}.signs knows {id}, {timestamp} and {body}, but is "${signs}"`);
    }
    if (index % 2 === 0) return;
    if (next === undefined || !/^\D/.test(next)) {
      throw invalid(`${at}.signs needs literal text that starts with no digit after {${part}}, but is "${signs}"`);
    }
    if (part === 'id') idEnd = next[0];
  });
  for (const part of ['id', 'timestamp'] as const) {
    if (signs.includes(`{${part}}`) !== (scheme[part] !== undefined)) {
      throw invalid(`${at}.signs names {${part}} if, and only if, ${part}.header says where it is`);
    }
  }
  const toleranceSeconds = scheme.timestamp?.toleranceSeconds ?? 300;
  if (!Number.isFinite(toleranceSeconds) || toleranceSeconds <= 0) {
    throw invalid(`${at}.timestamp.toleranceSeconds must be a number of seconds above 0`);
  }
  const algorithm = scheme.algorithm ?? 'sha256';
  const bytes = macBytes[algorithm];
  const prefix = scheme.prefix ?? '';
  return {
    headers: lowerCase(scheme.header),
    algorithm,
    encoding: scheme.encoding,
    prefix,
    separator: scheme.separator,
    template,
    timestamp: scheme.timestamp && {
      headers: lowerCase(scheme.timestamp.header),
      prefix: scheme.timestamp.prefix ?? '',
    },
    toleranceSeconds,
    id: scheme.id && { headers: lowerCase(scheme.id.header) },
    digits: scheme.encoding === 'hex' ? bytes * 2 : Math.ceil((bytes * 4) / 3),
    // A search for what must not be there costs half of a match of all that may be.
    noDigit: scheme.encoding === 'hex' ? /[^0-9a-f]/ : /[^A-Za-z0-9+/]/,
    padding: scheme.encoding === 'hex' ? '' : '='.repeat((3 - (bytes % 3)) % 3),
    looksLike: `${prefix && `"${prefix}" and `}${
      scheme.encoding === 'hex' ? `${bytes * 2} hex digits` : `${bytes} bytes in base64`
    }`,
    idEnd,
    reads: [scheme.header, scheme.timestamp?.header ?? [], scheme.id?.header ?? []].flatMap(lowerCase),
  };
}

function lowerCase(header: string | readonly string[]): readonly string[] {
  return (typeof header === 'string' ? [header] : header).map((name) => name.toLowerCase());
}

/** A scheme of which the names are checked. */
function ownScheme(provider: string, given: SignatureScheme): SignatureScheme {
  const of = `a signature in ${provider}`;
  const scheme = checkNames(of, given, {
    header: true,
    algorithm: true,
    encoding: true,
    prefix: true,
    separator: true,
    signs: true,
    timestamp: true,
    id: true,
  });
  const { timestamp, id } = scheme;
  if (timestamp !== undefined) {
    const names = { header: true, prefix: true, toleranceSeconds: true } as const;
    Object.assign(scheme, { timestamp: checkNames(`the timestamp of ${of}`, timestamp, names) });
  }
  if (id !== undefined) Object.assign(scheme, { id: checkNames(`the id of ${of}`, id, { header: true }) });
  return scheme;
}
