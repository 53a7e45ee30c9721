import { encode, fromBase64, isBytes } from '../bytes/encoding.ts';
import { isDevelopment, isProduction } from '../development.ts';
import { invalid, type WebhookError } from '../error.ts';
import type { Awaitable } from '../timing/awaitable.ts';
import type { Signer } from './signer.ts';

/** A signing secret as the provider shows it, or raw key bytes. */
export type Secret = string | Uint8Array;

/** Secrets, and whose they are. */
export interface OwnedSecrets {
  /**
   * Whose events they sign, such as the id of a tenant: text of 1 to 128 printable characters. It stays the same when a
   * secret is rotated, and may be stored and logged.
   */
  readonly owner: string;
  /** One, or a list in the order to try while it is rotated; an empty one where the owner has none. */
  readonly secrets: Secret | readonly Secret[];
}

/**
 * One secret, a list for rotation in the order to try, or a function of the framework's request that returns either
 * (for a Worker's `env`), or, where there are several owners, an {@link OwnedSecrets}: then events of one owner never
 * count as copies of another's, and handlers know whose they are. An empty list from the function means that nobody owns
 * the request: no signature fits.
 */
export type SecretOption<Request = unknown> =
  | Secret
  | readonly Secret[]
  | ((request: Request) => Awaitable<Secret | readonly Secret[] | OwnedSecrets>);

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
  const short = shortness(bytes, option, provider);
  // A short text may be a test's, a short encoded one was cut off.
  if (short !== undefined && (provider.secret.encoding !== 'utf8' || bytes.length === 0 || isProduction()))
    throw invalid(short);
  // As a key of HMAC zeros are nothing: anybody could sign.
  if (bytes.every((byte) => byte === 0)) throw unset(option, 'nothing but zero bytes', provider);
  return Uint8Array.from(bytes);
}

/** What is wrong with a secret that is shorter than the provider's are. */
function shortness(bytes: Uint8Array, option: string, { name, secret }: Signer): string | undefined {
  const { minBytes = 1 } = secret;
  if (bytes.length >= minBytes) return undefined;
  return `${option} has ${bytes.length} bytes, but needs at least ${minBytes}: copy the secret whole from ${name}`;
}

/** Providers that were told of. */
const told = new Set<string>();

/** Says of a provider once, where somebody sits before the console, that a secret is too short for production. */
export function tellShortness(bytes: Uint8Array, option: string, provider: Signer): void {
  const short = shortness(bytes, option, provider);
  if (short === undefined || told.has(provider.name) || !isDevelopment()) return;
  told.add(provider.name);
  console.warn(`hookproof: ${short}. In production it is refused.`);
}

function decode(secret: string, option: string, provider: Signer): Uint8Array {
  const { encoding, prefix = [] } = provider.secret;
  const prefixes = [prefix].flat();
  const withoutPrefix = (text: string) => text.slice(prefixes.find((one) => text.startsWith(one))?.length);
  const bare = withoutSurroundings(secret);
  if (bare === '') throw unset(option, 'empty', provider);
  const unprefixed = withoutPrefix(bare);
  if (/^(undefined|null|NaN|\[object \w+\])$/.test(unprefixed)) {
    throw unset(option, `the text "${unprefixed}", which a template makes of what is not there`, provider);
  }
  if (encoding === 'utf8') return encode(secret);
  const bytes = fromEitherBase64(withoutPrefix(secret));
  // A prefix that is there twice could be base64 of the URL's kind.
  if (bytes !== undefined && withoutPrefix(unprefixed) === unprefixed) return bytes;
  if (bare !== secret && fromEitherBase64(unprefixed) !== undefined) {
    throw invalid(
      `${option} has a line break, a space or quotes around it: take them away, or trim() it where you read it`,
    );
  }
  const form = !prefixes[0] ? 'base64' : `"${prefixes[0]}" and base64`;
  throw invalid(`${option} is not ${form}: copy the secret whole from ${provider.name}`);
}

/** Base64 of the usual alphabet or the URL's. Words (`replace_me`) have the dashes of the latter too, and no such mixture. */
function fromEitherBase64(text: string): Uint8Array | undefined {
  if (/[-_]/.test(text) && !(/[a-z]/.test(text) && /[A-Z]/.test(text))) return undefined;
  return fromBase64(text.replaceAll('-', '+').replaceAll('_', '/'));
}

function unset(option: string, what: string, provider: Signer): WebhookError {
  return invalid(
    `${option} is ${what}: is the environment variable set that should hold the secret of ${provider.name}?`,
  );
}
