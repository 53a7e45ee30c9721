import type { HeaderLookup } from '../bytes/headers.ts';
import { Refusal } from '../error.ts';
import { type Awaitable, goOn } from '../timing/awaitable.ts';
import { checkFreshness } from './freshness.ts';
import { matchSignature, readSignature, type SentSignature } from './signature.ts';
import type { Signer } from './signer.ts';
import { type SecretsFor, SigningSecret, type SigningSecrets } from './signing-secrets.ts';

/** What is known of a delivery that is genuine and fresh. */
export interface Proof {
  /** The id that the signature covers, where the scheme has one. */
  readonly id: string | undefined;
  /** Whose the secret is, where that was said. */
  readonly owner: string | undefined;
  /** The secret that fits, where only that tells whose the event is. */
  readonly ownSecret: SigningSecret | undefined;
  /** Which secret of the list fits, from 0. */
  readonly secretIndex: number;
  /** When it was proven, in milliseconds since 1970. */
  readonly at: number;
}

/**
 * Whose a proven event is, as text that may be stored: the owner's name, or a fingerprint of the secret that fits, which
 * begins with "="; undefined where all events are of one owner.
 */
export function ownerOf({ owner, ownSecret }: Proof): Awaitable<string | undefined> {
  return owner ?? ownSecret?.fingerprint();
}

/** Whether all events are of one owner, who needs no name. */
export function isOnlyOwner({ owner, ownSecret }: Proof): boolean {
  return owner === undefined && ownSecret === undefined;
}

/** An owner whom somebody has named, or undefined. */
export function namedOwner(owner: string | undefined): string | undefined {
  return owner?.startsWith('=') ? undefined : owner;
}

/** A delivery that is still to be proven. */
export interface Unproven<Request> {
  readonly headers: HeaderLookup;
  readonly body: Uint8Array;
  readonly request: Request;
  /** Set when it was read. */
  sent: SentSignature | undefined;
  /** Set when they were asked for. */
  secrets: SigningSecrets | undefined;
  /** Set when it is genuine and fresh. */
  proof: Proof | undefined;
}

/** By what the age of a signed time is judged. */
export interface Clock {
  readonly toleranceSeconds: number | undefined;
  readonly now: () => number;
}

/**
 * Makes the step that proves that a delivery is genuine and fresh, or refuses it. The secret is asked for only once the
 * headers look like a signature, so that junk never costs a lookup.
 */
export function authentication<Request>(
  signer: Signer,
  secretsFor: SecretsFor<Request>,
  { toleranceSeconds, now }: Clock,
): (delivery: Unproven<Request>) => Awaitable<Refusal | undefined> {
  const match = (delivery: Unproven<Request>, secrets: SigningSecrets): Awaitable<Refusal | undefined> => {
    delivery.secrets = secrets;
    const { sent, body } = delivery;
    // Nobody's secret is tried too: otherwise the time to refuse tells who has one.
    const tried = secrets.prepared.length === 0 ? nobodys() : secrets.prepared;
    return goOn(delivery, sent === undefined ? -1 : matchSignature(sent, body, tried), judge);
  };

  const judge = (delivery: Unproven<Request>, secretIndex: number): Refusal | undefined => {
    const { sent, secrets } = delivery;
    if (sent === undefined || secrets === undefined || secretIndex === -1 || secrets.prepared.length === 0)
      return mismatch(signer, sent);
    const { scheme, id, timestamp } = sent;
    const at = now();
    if (timestamp !== undefined) {
      const stale = checkFreshness(timestamp, toleranceSeconds ?? scheme.toleranceSeconds, at);
      if (stale !== undefined) return stale;
    }
    const { owner, toldBySecret, prepared } = secrets;
    delivery.proof = { id, owner, ownSecret: toldBySecret ? prepared[secretIndex] : undefined, secretIndex, at };
    return undefined;
  };

  return (delivery) => {
    const sent = readSignature(signer.signature, delivery.headers);
    if (sent instanceof Refusal) return sent;
    delivery.sent = sent;
    return goOn(delivery, secretsFor(delivery.request), match);
  };
}

let unknown: readonly [SigningSecret] | undefined;

/** A secret that nobody has. It is made late: Workers have nothing random before the first request. */
function nobodys(): readonly [SigningSecret] {
  unknown ??= [new SigningSecret(crypto.getRandomValues(new Uint8Array(32)))];
  return unknown;
}

function mismatch({ name }: Signer, sent: SentSignature | undefined): Refusal {
  return new Refusal(
    'signature_mismatch',
    () =>
      `The signature in ${sent?.scheme.headers[0]} was not made of these bytes with this secret: the secret belongs to another endpoint of ${name}, or something changed the body on its way.`,
  );
}
