import { isBytes, toHex } from '../bytes/encoding.ts';
import { invalid, WebhookError } from '../error.ts';
import { type Awaitable, goOn, isThenable } from '../timing/awaitable.ts';
import { inTime } from '../timing/in-time.ts';
import { cryptography } from './crypto.ts';
import type { HashAlgorithm, Hmac } from './cryptography.ts';
import { listOf, type Secret, type SecretOption, toSecretBytes } from './secret.ts';
import type { HmacMaker } from './signature.ts';
import type { Signer } from './signer.ts';

/** A secret whose HMACs are prepared once. */
export class SigningSecret implements HmacMaker {
  readonly #bytes: Uint8Array;
  readonly #hmacs = new Map<HashAlgorithm, Awaitable<Hmac>>();
  #fingerprint: Awaitable<string> | undefined;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }

  hmac(algorithm: HashAlgorithm): Awaitable<Hmac> {
    const known = this.#hmacs.get(algorithm);
    if (known !== undefined) return known;
    const prepared = cryptography.hmac(algorithm, this.#bytes);
    this.#hmacs.set(algorithm, prepared);
    return prepared;
  }

  /** Tells it from other secrets. */
  fingerprint(): Awaitable<string> {
    this.#fingerprint ??= cryptography.sha256Hex(this.#bytes);
    return this.#fingerprint;
  }
}

/** The secrets of one owner, prepared, in the order to try. */
export interface SigningSecrets {
  /** As they were given, for the diagnosis. */
  readonly given: readonly Secret[];
  readonly prepared: readonly SigningSecret[];
  /**
   * A fingerprint of the secrets that a function returned, empty for others: the events of one tenant never count as
   * duplicates of another's.
   */
  readonly scope: string;
}

/** Finds the secrets for a request. */
export type SecretsFor<Request> = (request: Request) => Awaitable<SigningSecrets>;

/** Checks the `secret` option, and prepares at once what does not depend on the request. */
export function secretsFrom<Request>(
  secret: SecretOption<Request>,
  signer: Signer,
  timeoutMs = 8_000,
): SecretsFor<Request> {
  if (typeof secret !== 'function') {
    checkList(secret);
    const prepared = bytesOf(secret, signer).map((bytes) => new SigningSecret(bytes));
    const secrets = { given: listOf(secret), prepared, scope: '' };
    return () => secrets;
  }
  const prepare = preparing(signer);
  const timeoutError = () => invalid(`It took longer than timeoutMs (${timeoutMs} ms)`);
  return (request) => {
    try {
      const returned = secret(request);
      if (!isThenable(returned)) return prepare(returned);
      return inTime(returned, timeoutMs, timeoutError).then(prepare).catch(unavailable);
    } catch (cause) {
      return unavailable(cause);
    }
  };
}

const preparations = new WeakMap<Signer, ReturnType<typeof preparing>>();

/** Prepares secrets that are given with each delivery: those that were given before are prepared already. */
export function secretsOf(secret: Secret | readonly Secret[], signer: Signer): Awaitable<SigningSecrets> {
  checkList(secret);
  const prepare = preparations.get(signer) ?? preparing(signer);
  preparations.set(signer, prepare);
  return prepare(secret);
}

function checkList(secret: unknown): void {
  if (!Array.isArray(secret) || secret.length > 0) return;
  throw invalid('secret is an empty list: give at least one secret');
}

/** The bytes of a secret or of a list of them. */
function bytesOf(secret: unknown, signer: Signer): readonly Uint8Array[] {
  if (!Array.isArray(secret)) return [toSecretBytes(secret, 'secret', signer)];
  return secret.map((one, index) => toSecretBytes(one, `secret[${index}]`, signer));
}

/** How many secrets of a function stay prepared; one that was forgotten is prepared again when it comes again. */
const maxPrepared = 1_000;

/** Prepares what a secret function returned, each secret once and not for each delivery. */
function preparing(signer: Signer): (returned: Secret | readonly Secret[]) => Awaitable<SigningSecrets> {
  const known = new Map<string, SigningSecret>();
  // Nearly always it is a single text, which needs no list to be made.
  const texts = new Map<string, Awaitable<SigningSecrets>>();
  const prepare = (secret: unknown, option: string): SigningSecret => {
    const name = nameOf(secret);
    const before = name === undefined ? undefined : known.get(name);
    if (before !== undefined) return before;
    const prepared = new SigningSecret(toSecretBytes(secret, option, signer));
    if (name !== undefined) remember(known, name, prepared);
    return prepared;
  };
  return (returned) => {
    const before = typeof returned === 'string' ? texts.get(returned) : undefined;
    if (before !== undefined) return before;
    const prepared = Array.isArray(returned)
      ? returned.map((secret: unknown, index) => prepare(secret, `secret[${index}]`))
      : [prepare(returned, 'secret')];
    const given = listOf(returned);
    const secrets = goOn(prepared, scopeOf(prepared), (made, scope) => ({ given, prepared: made, scope }));
    if (typeof returned === 'string') remember(texts, returned, secrets);
    return secrets;
  };
}

/** Keeps something under a name, and forgets the oldest where there are too many. */
function remember<T>(known: Map<string, T>, name: string, value: T): void {
  const [oldest] = known.size < maxPrepared ? [] : known.keys();
  if (oldest !== undefined) known.delete(oldest);
  known.set(name, value);
}

/** A name under which a secret is found again. */
function nameOf(secret: unknown): string | undefined {
  if (typeof secret === 'string') return `text ${secret}`;
  return isBytes(secret) ? `bytes ${toHex(secret)}` : undefined;
}

function scopeOf(secrets: readonly SigningSecret[]): Awaitable<string> {
  let scope = '';
  for (const secret of secrets) {
    const fingerprint = secret.fingerprint();
    if (isThenable(fingerprint)) return scopeLater(secrets);
    scope += `${fingerprint.slice(0, 16)}:`;
  }
  return scope;
}

async function scopeLater(secrets: readonly SigningSecret[]): Promise<string> {
  const fingerprints = await Promise.all(secrets.map((secret) => secret.fingerprint()));
  return fingerprints.map((fingerprint) => `${fingerprint.slice(0, 16)}:`).join('');
}

function unavailable(cause: unknown): never {
  const reason = cause instanceof WebhookError ? ` ${cause.message}` : '';
  const fix = reason === '' ? 'The cause of this error is what it threw.' : 'Correct what it returns.';
  throw new WebhookError('secret_unavailable', `The secret function failed or returned no usable secret.${reason}`, {
    cause,
    fix: `${fix} The provider will try again.`,
  });
}
