import { encode, fromBase64, toHex } from '../bytes/encoding.ts';
import { WebhookError } from '../error.ts';
import type { Awaitable } from '../timing/awaitable.ts';
import { inTime } from '../timing/in-time.ts';
import { cryptography, type HashAlgorithm, type Hmac } from './crypto.ts';
import { prepareKeys } from './signature.ts';
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

/** The prepared HMAC keys of one owner. */
export interface KeyRing {
  /** The secrets as they were given, for the diagnosis. */
  readonly secrets: readonly Secret[];
  readonly keys: (algorithm: HashAlgorithm) => Awaitable<readonly Hmac[]>;
  /**
   * A fingerprint of the secrets that a function returned, empty for others: the events of one tenant never count as
   * duplicates of another's.
   */
  readonly scope: string;
}

/** Checks the `secret` option, and prepares its keys at once where they do not depend on the request. */
export function keysFrom<Request>(
  secret: SecretOption<Request>,
  provider: Signer,
  timeoutMs = 8_000,
): (request: Request) => Awaitable<KeyRing> {
  if (typeof secret !== 'function') {
    if (Array.isArray(secret) && secret.length === 0)
      throw invalid('secret is an empty list: give at least one secret.');
    const ring = keyRing(toKeys(secret, provider), '', listOf(secret));
    return () => ring;
  }
  const late = () => invalid(`It took longer than timeoutMs (${timeoutMs} ms).`);
  return async (request) => {
    try {
      const given = await inTime(Promise.resolve(secret(request)), timeoutMs, late);
      const keys = toKeys(given, provider);
      return keyRing(keys, await fingerprint(keys), listOf(given));
    } catch (cause) {
      const reason = cause instanceof WebhookError ? ` ${cause.message}` : '';
      const fix = reason === '' ? 'The cause of this error is what it threw.' : 'Mend what it returns.';
      throw new WebhookError(
        'secret_unavailable',
        `The secret function failed or returned no usable secret.${reason}`,
        { cause, fix: `${fix} The provider will try again.` },
      );
    }
  };
}

function keyRing(bytes: readonly Uint8Array[], scope: string, secrets: readonly Secret[]): KeyRing {
  const prepared = new Map<HashAlgorithm, Awaitable<readonly Hmac[]>>();
  return {
    scope,
    secrets,
    keys(algorithm) {
      const keys = prepared.get(algorithm) ?? prepareKeys(bytes, algorithm);
      prepared.set(algorithm, keys);
      return keys;
    },
  };
}

async function fingerprint(secrets: readonly Uint8Array[]): Promise<string> {
  const digests = await Promise.all(secrets.map((secret) => cryptography.sha256(secret)));
  return digests.map((digest) => `${toHex(digest.subarray(0, 8))}:`).join('');
}

/** One secret or several, as a list. */
export function listOf(secret: Secret | readonly Secret[]): readonly Secret[] {
  return typeof secret === 'string' || secret instanceof Uint8Array ? [secret] : [...secret];
}

/** A text without the spaces, line breaks and quotes around it. */
export function withoutSurroundings(text: string): string {
  return text
    .trim()
    .replace(/^(["'`])(.*)\1$/s, '$2')
    .trim();
}

/** The key bytes of one secret; undefined where the provider could not have it. */
export function keyOf(secret: Secret, provider: Signer): Uint8Array | undefined {
  try {
    return toKey(secret, 'secret', provider);
  } catch {
    return undefined;
  }
}

function toKeys(secret: unknown, provider: Signer): readonly Uint8Array[] {
  if (!Array.isArray(secret)) return [toKey(secret, 'secret', provider)];
  return secret.map((one, index) => toKey(one, `secret[${index}]`, provider));
}

function toKey(secret: unknown, option: string, provider: Signer): Uint8Array {
  if (secret === undefined || secret === null) throw unset(option, String(secret), provider);
  const key = typeof secret === 'string' ? decode(secret, option, provider) : secret;
  if (!(key instanceof Uint8Array)) throw invalid(`${option} must be a string, bytes, a list of them, or a function.`);
  const minBytes = provider.secret.minBytes ?? 1;
  if (key.length >= minBytes) return Uint8Array.from(key);
  throw invalid(
    `${option} has ${key.length} bytes, but needs at least ${minBytes}: copy the secret whole from ${provider.name}.`,
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
      `${option} has a line break, a space or quotes around it: take them away, or trim() it where you read it.`,
    );
  }
  const form = prefix === '' ? 'base64' : `"${prefix}" and base64`;
  throw invalid(`${option} is not ${form}: copy the secret whole from ${provider.name}.`);
}

function unset(option: string, what: string, provider: Signer): WebhookError {
  return invalid(
    `${option} is ${what}: is the environment variable set that should hold the secret of ${provider.name}?`,
  );
}

function invalid(message: string): WebhookError {
  return new WebhookError('invalid_options', message);
}
