import { type Awaitable, encode, fromBase64, type HashAlgorithm, type Hmac } from './crypto.ts';
import { WebhookError } from './error.ts';
import { prepareKeys } from './signature.ts';

/** A signing secret as the provider shows it, or raw key bytes. */
export type Secret = string | Uint8Array;

/**
 * One secret, a list for rotation in the order to try, or a function of the framework's request that returns either
 * (for secrets of tenants, or of a Worker's `env`).
 */
export type SecretOption<Request = unknown> =
  | Secret
  | readonly Secret[]
  | ((request: Request) => Awaitable<Secret | readonly Secret[]>);

/** How a provider's secret becomes key bytes. */
export interface SecretFormat {
  /** `utf8` uses the text as it is; `base64` decodes it. */
  readonly encoding: 'utf8' | 'base64';
  /** Text that may stand before a base64 secret and is no part of it, such as `whsec_`. */
  readonly prefix?: string;
  /** Shorter keys are refused. */
  readonly minBytes?: number;
}

/** Gives the prepared HMAC keys for an algorithm. */
export type KeyRing = (algorithm: HashAlgorithm) => Awaitable<readonly Hmac[]>;

/** Checks the `secret` option, and prepares its keys at once where they do not depend on the request. */
export function keysFrom<Request>(
  secret: SecretOption<Request>,
  format: SecretFormat,
): (request: Request) => Awaitable<KeyRing> {
  if (typeof secret !== 'function') {
    const ring = keyRing(toKeys(secret, format));
    return () => ring;
  }
  return async (request) => {
    try {
      return keyRing(toKeys(await secret(request), format));
    } catch (cause) {
      const reason = cause instanceof WebhookError ? ` ${cause.message}` : '';
      throw new WebhookError(
        'secret_unavailable',
        `The secret function failed or returned no usable secret.${reason}`,
        {
          cause,
        },
      );
    }
  };
}

function keyRing(secrets: readonly Uint8Array[]): KeyRing {
  const prepared = new Map<HashAlgorithm, Awaitable<readonly Hmac[]>>();
  return (algorithm) => {
    const keys = prepared.get(algorithm) ?? prepareKeys(secrets, algorithm);
    prepared.set(algorithm, keys);
    return keys;
  };
}

function toKeys(secret: unknown, format: SecretFormat): readonly Uint8Array[] {
  if (!Array.isArray(secret)) return [toKey(secret, 'secret', format)];
  if (secret.length === 0) throw invalid('secret is an empty list: give at least one secret');
  return secret.map((one, index) => toKey(one, `secret[${index}]`, format));
}

function toKey(secret: unknown, option: string, format: SecretFormat): Uint8Array {
  if (secret === undefined || secret === null) {
    throw invalid(`${option} is ${secret}: is the environment variable that should hold it set?`);
  }
  const key = typeof secret === 'string' ? decode(secret, option, format) : secret;
  if (!(key instanceof Uint8Array)) throw invalid(`${option} must be a string, bytes, a list of them, or a function`);
  if (key.length < (format.minBytes ?? 1)) {
    throw invalid(
      `${option} has ${key.length} bytes, but needs at least ${format.minBytes ?? 1}: copy it whole from the provider`,
    );
  }
  return Uint8Array.from(key);
}

function decode(secret: string, option: string, format: SecretFormat): Uint8Array {
  if (secret.trim() === '') throw invalid(`${option} is empty: is the environment variable that should hold it set?`);
  if (format.encoding === 'utf8') return encode(secret);
  const prefix = format.prefix ?? '';
  const bytes = fromBase64(secret.startsWith(prefix) ? secret.slice(prefix.length) : secret);
  if (bytes === undefined) {
    throw invalid(`${option} is not ${prefix === '' ? '' : `"${prefix}" and `}base64: copy it whole from the provider`);
  }
  return bytes;
}

function invalid(what: string): WebhookError {
  return new WebhookError('invalid_options', `${what}.`);
}
