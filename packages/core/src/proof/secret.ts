import { encode, fromBase64, isBytes } from '../bytes/encoding.ts';
import { invalid, type WebhookError } from '../error.ts';
import type { Awaitable } from '../timing/awaitable.ts';
import type { Signer } from './signer.ts';

/** A signing secret as the provider shows it, or raw key bytes. */
export type Secret = string | Uint8Array;

/**
 * One secret, a list for rotation in the order to try, or a function of the framework's request that returns either
 * (for secrets of tenants, or of a Worker's `env`). An empty list from the function means that nobody owns the request:
 * no signature fits.
 */
export type SecretOption<Request = unknown> =
  | Secret
  | readonly Secret[]
  | ((request: Request) => Awaitable<Secret | readonly Secret[]>);

/** One secret or several, as a list. */
export function listOf(secret: Secret | readonly Secret[]): readonly Secret[] {
  return typeof secret === 'string' || isBytes(secret) ? [secret] : [...secret];
}

/** A text without the spaces, line breaks and quotes around it. */
export function withoutSurroundings(text: string): string {
  return text
    .trim()
    .replace(/^(["'`])(.*)\1$/s, '$2')
    .trim();
}

/** The bytes that one secret signs with; undefined where the provider could not have it. */
export function secretBytesOf(secret: Secret, provider: Signer): Uint8Array | undefined {
  try {
    return toSecretBytes(secret, 'secret', provider);
  } catch {
    return undefined;
  }
}

/** The bytes that one secret signs with; throws `invalid_options` with the option's name. */
export function toSecretBytes(secret: unknown, option: string, provider: Signer): Uint8Array {
  if (secret === undefined || secret === null) throw unset(option, String(secret), provider);
  const bytes = typeof secret === 'string' ? decode(secret, option, provider) : secret;
  if (!isBytes(bytes)) throw invalid(`${option} must be a string, bytes, a list of them, or a function`);
  const minBytes = provider.secret.minBytes ?? 1;
  if (bytes.length >= minBytes) return Uint8Array.from(bytes);
  throw invalid(
    `${option} has ${bytes.length} bytes, but needs at least ${minBytes}: copy the secret whole from ${provider.name}`,
  );
}

function decode(secret: string, option: string, provider: Signer): Uint8Array {
  if (secret.trim() === '') throw unset(option, 'empty', provider);
  const { encoding, prefix = '' } = provider.secret;
  if (encoding === 'utf8') return encode(secret);
  const bytes = fromBase64(secret.startsWith(prefix) ? secret.slice(prefix.length) : secret);
  if (bytes !== undefined) return bytes;
  const bare = withoutSurroundings(secret);
  if (bare !== secret && fromBase64(bare.startsWith(prefix) ? bare.slice(prefix.length) : bare) !== undefined) {
    throw invalid(
      `${option} has a line break, a space or quotes around it: take them away, or trim() it where you read it`,
    );
  }
  const form = prefix === '' ? 'base64' : `"${prefix}" and base64`;
  throw invalid(`${option} is not ${form}: copy the secret whole from ${provider.name}`);
}

function unset(option: string, what: string, provider: Signer): WebhookError {
  return invalid(
    `${option} is ${what}: is the environment variable set that should hold the secret of ${provider.name}?`,
  );
}
