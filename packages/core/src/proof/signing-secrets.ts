import { isBytes, toHex } from '../bytes/encoding.ts';
import { isDevelopment } from '../development.ts';
import { invalid, WebhookError } from '../error.ts';
import { remember } from '../remember.ts';
import { type Awaitable, isThenable } from '../timing/awaitable.ts';
import { inTime } from '../timing/in-time.ts';
import { cryptography, slowFingerprint } from './crypto.ts';
import type { HashAlgorithm, Hmac } from './cryptography.ts';
import { listOf, type OwnedSecrets, type Secret, type SecretOption, tellShortness, toSecretBytes } from './secret.ts';
import type { HmacMaker } from './signature.ts';
import type { Signer } from './signer.ts';

/** A secret whose HMACs are prepared once. */
export class SigningSecret implements HmacMaker {
  /** It alone, as a function that returned nothing else gave it. */
  readonly alone: SigningSecrets;
  readonly #bytes: Uint8Array;
  readonly #hmacs = new Map<HashAlgorithm, Awaitable<Hmac>>();
  #fingerprint: Awaitable<string> | undefined;

  constructor(bytes: Uint8Array, given: Secret = bytes) {
    this.#bytes = bytes;
    this.alone = { given: [given], prepared: [this], owner: undefined, toldBySecret: true };
  }

  hmac(algorithm: HashAlgorithm): Awaitable<Hmac> {
    const known = this.#hmacs.get(algorithm);
    if (known !== undefined) return known;
    const prepared = cryptography.hmac(algorithm, this.#bytes);
    this.#hmacs.set(algorithm, prepared);
    return prepared;
  }

  /** Tells it from other secrets, and begins with "=". It is made once, and takes 20 to 30 ms of a processor. */
  fingerprint(): Awaitable<string> {
    this.#fingerprint ??= this.#makeFingerprint();
    return this.#fingerprint;
  }

  /** Once it is there nobody needs to wait for it. */
  async #makeFingerprint(): Promise<string> {
    const made = `=${await slowFingerprint(this.#bytes)}`;
    this.#fingerprint = made;
    return made;
  }
}

/** Secrets, prepared, in the order to try. */
export interface SigningSecrets {
  /** As they were given, for the diagnosis. */
  readonly given: readonly Secret[];
  readonly prepared: readonly SigningSecret[];
  /** Whose they are, where that was said. */
  readonly owner: string | undefined;
  /** Whether there may be several owners, and only the secret tells which. */
  readonly toldBySecret: boolean;
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
    const secrets = { given: listOf(secret), prepared, owner: undefined, toldBySecret: false };
    return () => secrets;
  }
  const prepare = preparing(signer, warningOfOwners(signer));
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
export function secretsOf(secret: Secret | readonly Secret[], signer: Signer): SigningSecrets {
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
  if (!Array.isArray(secret)) return [read(secret, 'secret', signer)];
  return secret.map((one, index) => read(one, `secret[${index}]`, signer));
}

function read(secret: unknown, option: string, signer: Signer): Uint8Array {
  const bytes = toSecretBytes(secret, option, signer);
  tellShortness(bytes, option, signer);
  return bytes;
}

/** How many secrets of a function stay prepared; one that was forgotten is prepared again when it comes again. */
const maxPrepared = 1_000;

/**
 * Prepares what a secret function returned, each secret once and not for each delivery. `several` is called where it has
 * returned others before, and no owner.
 */
function preparing(
  signer: Signer,
  several: () => void = () => undefined,
): (returned: Secret | readonly Secret[] | OwnedSecrets) => SigningSecrets {
  const texts = new Map<string, SigningSecret>();
  const bytes = new Map<string, SigningSecret>();
  let count = 0;

  function prepare(secret: unknown, option: string): SigningSecret {
    if (typeof secret === 'string') return known(texts, secret, secret, option);
    // What is neither is refused when it is read.
    return known(bytes, isBytes(secret) ? toHex(secret) : '', secret, option);
  }

  function known(prepared: Map<string, SigningSecret>, name: string, secret: unknown, option: string): SigningSecret {
    const before = prepared.get(name);
    if (before !== undefined) return before;
    const own = read(secret, option, signer);
    const made = new SigningSecret(own, typeof secret === 'string' ? secret : own);
    remember(prepared, name, made, maxPrepared);
    count += 1;
    return made;
  }

  function prepareAll(secrets: unknown): SigningSecrets {
    if (!Array.isArray(secrets)) return prepare(secrets, 'secret').alone;
    const prepared = secrets.map((secret: unknown, index) => prepare(secret, `secret[${index}]`));
    return { given: prepared.flatMap(({ alone }) => alone.given), prepared, owner: undefined, toldBySecret: true };
  }

  return (returned) => {
    if (isOwned(returned)) {
      const { given, prepared } = prepareAll(returned.secrets);
      return { given, prepared, owner: checkOwner(returned), toldBySecret: false };
    }
    const before = count;
    const secrets = prepareAll(returned);
    if (before > 0 && count - before === secrets.prepared.length && count > before) several();
    return secrets;
  };
}

function isOwned(returned: unknown): returned is OwnedSecrets {
  return typeof returned === 'object' && returned !== null && Object.hasOwn(returned, 'secrets');
}

function checkOwner(returned: OwnedSecrets): string {
  const owner: unknown = Object.hasOwn(returned, 'owner') ? returned.owner : undefined;
  // "=" begins what stands for an owner without a name.
  if (typeof owner === 'string' && /^(?!=)[^\p{C}\p{Zl}\p{Zp}]{1,128}$/u.test(owner) && owner.trim() !== '')
    return owner;
  throw invalid(
    'owner must be text of 1 to 128 printable characters, such as the id of a tenant, and not begin with "="',
  );
}

/** Says once, where somebody sits before the console, that nobody will know whose events they are. */
function warningOfOwners({ name }: Signer): () => void {
  let warned = false;
  return () => {
    if (warned || !isDevelopment()) return;
    warned = true;
    console.warn(
      `hookproof: ${name}: the secret function has returned different secrets. Are they of different owners? Then return { owner, secrets }: handlers know whose event it is, and a rotation forgets nothing.`,
    );
  };
}

function unavailable(cause: unknown): never {
  const reason = cause instanceof WebhookError ? ` ${cause.message}` : '';
  const fix = reason === '' ? 'The cause of this error is what it threw.' : 'Correct what it returns.';
  throw new WebhookError('secret_unavailable', `The secret function failed or returned no usable secret.${reason}`, {
    cause,
    fix: `${fix} The provider will try again.`,
  });
}
