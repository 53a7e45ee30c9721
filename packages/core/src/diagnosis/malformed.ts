import { fromBase64, withoutEnd } from '../bytes/encoding.ts';
import { cryptography } from '../proof/crypto.ts';
import { type HashAlgorithm, macBytes } from '../proof/cryptography.ts';
import type { CompiledScheme } from '../proof/scheme.ts';
import {
  entryOf,
  headerValue,
  isTimestamp,
  presentHeader,
  presentScheme,
  signedBeforeBody,
} from '../proof/signature.ts';
import type { Finding } from './causes.ts';
import { type Fits, namedSecrets, type Suspect } from './suspect.ts';

type Cause = Finding['cause'];

// Longer than any signature; what is beyond it is not looked at.
const maxCharacters = 1024;

// What is shorter was never a digest: "undefined", "test", "abc123".
const minCharacters = 16;

/** A digest as it is written, in whatever way. */
interface Digest {
  readonly text: string;
  readonly encoding: 'hex' | 'base64';
  readonly algorithm: HashAlgorithm;
  /** What is wrong with it, by the scheme. */
  readonly problem: Cause | undefined;
}

/** Why a signature, or the time or id that is signed with it, is not written as its provider writes it. */
export async function diagnoseMalformed(suspect: Suspect): Promise<Finding> {
  const { provider, headers } = suspect;
  const scheme = presentScheme(provider.signature, headers);
  const header = scheme && presentHeader(scheme.headers, headers);
  if (scheme === undefined || header === undefined) return { cause: 'signature_absent', evidence: {} };
  const value = (headers.get(header) ?? '').slice(0, maxCharacters);
  const entry = firstEntry(scheme, value);
  const [prefixProblem, rest] = withoutPrefix(scheme, entry.text);
  const digest = readDigest(scheme, rest);
  if (digest === undefined) {
    const characters = headers.get(header)?.length ?? 0;
    return { cause: 'signature_malformed', evidence: { header, characters, form: scheme.looksLike } };
  }
  const fits = await fitsSomehow(suspect, scheme, digest);
  // Who signs with another algorithm writes its prefix too, `sha1=`: to correct that alone would correct nothing.
  const digestFirst = digest.problem === 'algorithm_other';
  const written = digestFirst ? [digest.problem, prefixProblem] : [prefixProblem, digest.problem];
  const [cause, ...also] = [entry.problem, ...written].filter((problem) => problem !== undefined);
  if (cause === undefined) return besides(suspect, scheme, fits);
  return {
    cause,
    evidence: {
      header,
      form: scheme.looksLike,
      fits,
      ...(cause === 'signature_repeated' && { times: entry.times }),
      ...(cause === 'digest_truncated' && {
        characters: entry.text.length,
        wantedCharacters: scheme.prefix.length + charactersOf(scheme),
      }),
      ...(cause === 'algorithm_other' && { algorithm: digest.algorithm, wantedAlgorithm: scheme.algorithm }),
      ...(cause.startsWith('prefix_') && scheme.prefix !== '' && { prefix: scheme.prefix }),
      ...(also.length > 0 && { also: also.join(', ') }),
    },
  };
}

/** The signature is well written, so it is the time or the id. */
function besides({ headers }: Suspect, scheme: CompiledScheme, fits: string): Finding {
  const { timestamp, id } = scheme;
  const time = timestampOf(scheme, headers);
  if (timestamp !== undefined && time !== undefined && !isTimestamp(time)) {
    const header = presentHeader(timestamp.headers, headers) ?? '';
    const cause = /^\d{13}$/.test(time) ? 'timestamp_milliseconds' : 'timestamp_malformed';
    return { cause, evidence: { header, fits } };
  }
  return { cause: 'id_malformed', evidence: { header: presentHeader(id?.headers ?? [], headers) ?? '' } };
}

function timestampOf(scheme: CompiledScheme, headers: Suspect['headers']): string | undefined {
  const { timestamp } = scheme;
  const value = timestamp && headerValue(timestamp.headers, headers);
  return timestamp && value && entryOf(scheme, value, timestamp.prefix);
}

/** The one signature to look at, without the quotes around it or the copies beside it. */
function firstEntry(
  scheme: CompiledScheme,
  value: string,
): { text: string; times: number; problem: Cause | undefined } {
  const bare = withoutEnd(value.trim().replace(/^["']+/, ''), '"\'');
  const beside = scheme.timestamp?.prefix ?? '';
  const entries = bare
    .split(scheme.separator ?? /,\s*/)
    .filter((entry) => entry !== '' && (beside === '' || !entry.startsWith(beside)));
  // Signatures of other kinds may stand beside the one that counts, such as `v1a,` or `v0=`.
  const text = entries.find((entry) => startsAlike(entry, scheme.prefix)) ?? entries[0] ?? '';
  if (bare !== value.trim()) return { text, times: 1, problem: 'signature_quoted' };
  const repeated = scheme.separator === undefined && entries.length > 1;
  return { text, times: entries.length, problem: repeated ? 'signature_repeated' : undefined };
}

// What other senders put before a digest: `sha1=`, `v0=`, `v1a,`.
const anyPrefix = /^[a-z][a-z0-9]{0,9}[=,:]/i;

function withoutPrefix({ prefix }: CompiledScheme, text: string): [problem: Cause | undefined, rest: string] {
  const other = anyPrefix.exec(text)?.[0] ?? '';
  if (prefix === '') return [other === '' ? undefined : 'prefix_unexpected', text.slice(other.length)];
  let end = 0;
  while (startsAlike(text.slice(end), prefix)) end += prefix.length;
  const rest = text.slice(end);
  if (end === 0) return [other === '' ? 'prefix_missing' : 'prefix_other', text.slice(other.length)];
  if (end > prefix.length) return ['prefix_doubled', rest];
  return [text.startsWith(prefix) ? undefined : 'prefix_case', rest];
}

function startsAlike(text: string, prefix: string): boolean {
  return text.slice(0, prefix.length).toLowerCase() === prefix.toLowerCase();
}

function readDigest(scheme: CompiledScheme, text: string): Digest | undefined {
  const bytes = macBytes[scheme.algorithm];
  if (/^[0-9a-f]+$/i.test(text)) {
    const digest = { text: text.toLowerCase(), encoding: 'hex' } as const;
    const algorithm = algorithmOf(text.length / 2);
    if (algorithm === scheme.algorithm) {
      return { ...digest, algorithm, problem: scheme.encoding === 'hex' ? undefined : 'digest_hex' };
    }
    if (algorithm !== undefined) return { ...digest, algorithm, problem: 'algorithm_other' };
    if (scheme.encoding === 'hex') {
      if (text.length > bytes * 2 || text.length < minCharacters) return undefined;
      return { ...digest, algorithm: scheme.algorithm, problem: 'digest_truncated' };
    }
  }
  const usual = withoutEnd(text.replaceAll('-', '+').replaceAll('_', '/'), '=');
  if (!/^[a-z0-9+/]+$/i.test(usual)) return undefined;
  const padded = usual.padEnd(Math.ceil(usual.length / 4) * 4, '=');
  const digest = { text: padded, encoding: 'base64' } as const;
  const algorithm = algorithmOf(fromBase64(padded)?.length ?? 0);
  if (algorithm === scheme.algorithm) {
    const url = text === padded ? undefined : 'digest_base64url';
    return { ...digest, algorithm, problem: scheme.encoding === 'base64' ? url : 'digest_base64' };
  }
  if (algorithm !== undefined) return { ...digest, algorithm, problem: 'algorithm_other' };
  if (scheme.encoding === 'hex' || padded.length > charactersOf(scheme) || text.length < minCharacters)
    return undefined;
  return { ...digest, text: usual, algorithm: scheme.algorithm, problem: 'digest_truncated' };
}

function charactersOf({ algorithm, encoding }: CompiledScheme): number {
  const bytes = macBytes[algorithm];
  return encoding === 'hex' ? bytes * 2 : Math.ceil(bytes / 3) * 4;
}

function algorithmOf(bytes: number): HashAlgorithm | undefined {
  const algorithms = ['sha256', 'sha1', 'sha512', 'sha384'] as const;
  return algorithms.find((algorithm) => macBytes[algorithm] === bytes);
}

/** Whether a digest would fit if it were written as it should be. */
async function fitsSomehow(suspect: Suspect, scheme: CompiledScheme, digest: Digest): Promise<Fits> {
  const { headers, body, trials } = suspect;
  const id = scheme.id && headerValue(scheme.id.headers, headers);
  const before = signedBeforeBody(scheme, id, timestampOf(scheme, headers));
  let fits: Fits = 'not tried';
  for (const { bytes } of namedSecrets(suspect)) {
    const expected = await trials.mac(digest.algorithm, bytes, before, body, digest.encoding);
    if (expected === undefined) break;
    fits = 'no';
    const length = digest.problem === 'digest_truncated' ? digest.text.length : expected.length;
    if (cryptography.equal(expected.slice(0, length), digest.text)) return 'yes';
  }
  return fits;
}
