import type { HeaderLookup } from '../bytes/headers.ts';
import { Refusal } from '../error.ts';
import { type Awaitable, goOn } from '../timing/awaitable.ts';
import { checkFreshness } from './freshness.ts';
import { matchSignature, readSignature, type SentSignature } from './signature.ts';
import type { Signer } from './signer.ts';
import type { SecretsFor, SigningSecrets } from './signing-secrets.ts';

/** What is known of a delivery that is genuine and fresh. */
export interface Proof {
  /** The id that the signature covers, where the scheme has one. */
  readonly id: string | undefined;
  /** Tells apart whose secrets they were; empty where there is but one owner. */
  readonly scope: string;
  /** Which secret of the list fits, from 0. */
  readonly secretIndex: number;
}

/** A delivery that is still to be proven. */
export interface Unproven<Request> {
  readonly headers: HeaderLookup;
  readonly body: Uint8Array;
  readonly request: Request;
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
  type Attempt = readonly [delivery: Unproven<Request>, sent: SentSignature];

  const match = (attempt: Attempt, secrets: SigningSecrets): Awaitable<Refusal | undefined> => {
    const [delivery, sent] = attempt;
    delivery.secrets = secrets;
    return goOn(attempt, matchSignature(sent, delivery.body, secrets.prepared), judge);
  };

  const judge = ([delivery, sent]: Attempt, secretIndex: number): Refusal | undefined => {
    const { scheme, id, timestamp } = sent;
    if (secretIndex === -1) return mismatch(signer, sent);
    if (timestamp !== undefined) {
      const stale = checkFreshness(timestamp, toleranceSeconds ?? scheme.toleranceSeconds, now());
      if (stale !== undefined) return stale;
    }
    delivery.proof = { id, scope: delivery.secrets?.scope ?? '', secretIndex };
    return undefined;
  };

  return (delivery) => {
    const sent = readSignature(signer.signature, delivery.headers);
    if (sent instanceof Refusal) return sent;
    return goOn([delivery, sent] as const, secretsFor(delivery.request), match);
  };
}

function mismatch({ name }: Signer, { scheme }: SentSignature): Refusal {
  return new Refusal(
    'signature_mismatch',
    () =>
      `The signature in ${scheme.headers[0]} was not made of these bytes with this secret: the secret belongs to another endpoint of ${name}, or something changed the body on its way.`,
  );
}
