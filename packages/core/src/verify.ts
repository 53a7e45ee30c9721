import { toBytes } from './bytes/body.ts';
import { arrivedHeaders, type HeadersInput, readHeaders } from './bytes/headers.ts';
import { type Diagnosis, diagnose } from './diagnosis/diagnosis.ts';
import { invalid, Refusal, WebhookError } from './error.ts';
import { checkData, readEnvelope } from './event/envelope.ts';
import type { EventOf } from './event/event.ts';
import { checkNames, type OptionNames } from './option-names.ts';
import { checkOptions, checkProvider } from './options.ts';
import { authentication, type Unproven } from './proof/authenticate.ts';
import type { CompiledScheme } from './proof/scheme.ts';
import type { Secret } from './proof/secret.ts';
import { entryOf, isTimestamp, matchSignature, parseSignature } from './proof/signature.ts';
import { secretsOf } from './proof/signing-secrets.ts';
import type { Provider } from './provider.ts';

/** What {@link verifyDelivery} needs. */
export interface VerifyDeliveryOptions {
  readonly headers: HeadersInput;
  /** The raw bytes as they arrived; a string stands for its UTF-8 bytes. */
  readonly body: Uint8Array | string;
  /** One secret, or a list in the order to try. */
  readonly secret: Secret | readonly Secret[];
  /** Seconds that a signed timestamp may be away from now; the scheme's own by default (300). */
  readonly toleranceSeconds?: number | undefined;
  /** The clock, in milliseconds since 1970; `Date.now` by default. */
  readonly now?: (() => number) | undefined;
}

const namesOfDelivery: OptionNames<VerifyDeliveryOptions> = {
  headers: true,
  body: true,
  secret: true,
  toleranceSeconds: true,
  now: true,
};

/**
 * Proves one delivery by hand and returns its typed event, without routing, limits or deduplication.
 *
 * @throws WebhookError with the code of the rejection, such as `signature_mismatch`, `stale_delivery` or `invalid_event`
 *
 * @example
 * ```ts
 * import { gravv, verifyDelivery } from '@hookproof/core';
 *
 * export async function handle(headers: Headers, body: Uint8Array, secret: string) {
 *   const event = await verifyDelivery(gravv(), { headers, body, secret });
 *   if (event.type === 'transfer.status.completed') console.log(event.data.amount);
 * }
 * ```
 */
export async function verifyDelivery<const P extends Provider>(
  provider: P,
  given: VerifyDeliveryOptions,
): Promise<EventOf<P>> {
  const options = checkNames('verifyDelivery', given, namesOfDelivery);
  const { toleranceSeconds } = checkOptions(provider, {
    toleranceSeconds: options.toleranceSeconds,
    now: options.now,
  });
  const secrets = await secretsOf(options.secret, provider);
  const headers = arrivedHeaders(options.headers);
  const body = toBytes(options.body);
  const delivery: Unproven<undefined> = {
    headers,
    body,
    request: undefined,
    sent: undefined,
    secrets: undefined,
    proof: undefined,
  };
  const prove = authentication(provider, () => secrets, { toleranceSeconds, now: options.now ?? Date.now });
  const refusal = await prove(delivery);
  if (refusal !== undefined) throw refusal.toError();
  if (delivery.proof === undefined) throw new TypeError('The delivery was not proven.');
  return checkData(provider, readEnvelope(provider, { headers, body }, delivery.proof.id));
}

/**
 * Finds out why {@link verifyDelivery} refuses a delivery: it tries what commonly goes wrong with the secret, the headers
 * and the body. It computes up to 64 HMACs of at most 1 MiB each, so call it where a person asks, and not for every
 * forgery. A receiver does the same, and counts, with `diagnose()` of what `onOutcome` gets.
 *
 * @returns undefined where the delivery is genuine
 * @throws WebhookError `invalid_options` for an option that is wrong
 *
 * @example
 * ```ts
 * import { diagnoseDelivery, grantex } from '@hookproof/core';
 *
 * export async function explain(headers: Headers, body: Uint8Array, secret: string) {
 *   const diagnosis = await diagnoseDelivery(grantex(), { headers, body, secret });
 *   if (diagnosis !== undefined) console.log(diagnosis.cause, diagnosis.explanation, diagnosis.fix);
 * }
 * ```
 */
export async function diagnoseDelivery(
  provider: Provider,
  given: VerifyDeliveryOptions,
): Promise<Diagnosis | undefined> {
  const options = checkNames('diagnoseDelivery', given, namesOfDelivery);
  const { secret, toleranceSeconds, now = Date.now } = options;
  const at = now();
  try {
    await verifyDelivery(provider, { ...options, now: () => at });
    return undefined;
  } catch (error) {
    if (!(error instanceof WebhookError) || error.code === 'invalid_options') throw error;
    const secrets = secretsOf(secret, provider);
    // What is no bytes cannot be looked at; the error says so.
    const isBytes = error.code !== 'body_consumed';
    const rejected = isBytes ? { headers: readHeaders(options.headers), body: toBytes(options.body) } : {};
    return diagnose(error, rejected, { provider, secrets: () => secrets, at, toleranceSeconds });
  }
}

/** What {@link verifySignature} needs. */
export interface VerifySignatureOptions {
  /** The raw bytes as they arrived; a string stands for its UTF-8 bytes. */
  readonly body: Uint8Array | string;
  /** Value of the signature header; undefined is simply not a signature. */
  readonly signature: string | undefined;
  /** One secret, or a list in the order to try. */
  readonly secret: Secret | readonly Secret[];
  /**
   * Value of the timestamp header, for schemes that sign one: the time, or the whole header where it holds more. It is not
   * checked for freshness here.
   */
  readonly timestamp?: string | undefined;
  /** Value of the id header, for schemes that sign one. */
  readonly id?: string | undefined;
}

/**
 * Compares a signature in constant time, and nothing else: no freshness, no event. Of several schemes it uses the one
 * that signs just what is given: `grantex()` checks `X-Grantex-Signature` without the option `timestamp` and
 * `X-Grantex-Signature-V2` with it. An option whose value is undefined, because the sender left the header out, counts
 * as given, and is not a signature.
 *
 * @returns whether one of the secrets made the signature; false for whatever a sender may put there
 * @throws WebhookError `invalid_options` for an unusable secret, or where no scheme signs just what is given
 *
 * @example
 * ```ts
 * import { grantiva, verifySignature } from '@hookproof/core';
 *
 * export function isGenuine(body: Uint8Array, signature: string | undefined, secret: string): Promise<boolean> {
 *   return verifySignature(grantiva(), { body, signature, secret });
 * }
 * ```
 */
export async function verifySignature(provider: Provider, given: VerifySignatureOptions): Promise<boolean> {
  checkProvider(provider);
  const options = checkNames('verifySignature', given, {
    body: true,
    signature: true,
    secret: true,
    timestamp: true,
    id: true,
  });
  // What is given decides, and not its value: a header that a sender left out must not lead to another scheme.
  const scheme = provider.signature.find(
    (candidate) =>
      'timestamp' in options === (candidate.timestamp !== undefined) &&
      'id' in options === (candidate.id !== undefined),
  );
  if (scheme === undefined) {
    const wanted = provider.signature.map((one) =>
      ['body', one.id && 'id', one.timestamp && 'timestamp'].filter(Boolean).join(', '),
    );
    throw invalid(
      `${provider.name} signs ${wanted.join(', or ')}: pass these options and no others, from the delivery's headers`,
    );
  }
  const { prepared } = await secretsOf(options.secret, provider);
  const body = toBytes(options.body);
  const timestamp = scheme.timestamp && timeIn(scheme, scheme.timestamp.prefix, text(options.timestamp));
  const id = scheme.id && text(options.id);
  const sent = parseSignature(scheme, text(options.signature), timestamp, id);
  return !(sent instanceof Refusal) && (await matchSignature(sent, body, prepared)) !== -1;
}

/** The time, or the header in which it stands among others, as Stripe's. */
function timeIn(scheme: CompiledScheme, prefix: string, header: string): string {
  return isTimestamp(header) ? header : entryOf(scheme, header, prefix);
}

/** A header that is absent, or came as a list, does not verify, and never throws. A time may have become a number. */
function text(header: unknown): string {
  return typeof header === 'string' || typeof header === 'number' ? String(header) : '';
}
