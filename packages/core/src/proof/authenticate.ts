import type { DeliveryHeaders } from '../bytes/headers.ts';
import { WebhookError } from '../error.ts';
import type { Awaitable } from '../timing/awaitable.ts';
import { checkFreshness } from './freshness.ts';
import type { KeyRing } from './secret.ts';
import { matchSignature, readSignature } from './signature.ts';
import type { Signer } from './signer.ts';

/** What is known of a delivery that is genuine and fresh. */
export interface Proof {
  /** The id that the signature covers, where the scheme has one. */
  readonly id: string | undefined;
  /** Tells apart whose secrets they were; empty where there is but one owner. */
  readonly scope: string;
  /** Which secret of the list fits, from 0. */
  readonly secretIndex: number;
}

/**
 * Proves that a delivery is genuine and fresh, or throws why not. The secret is asked for only once the headers look
 * like a signature, so that junk never costs a lookup.
 */
export async function authenticate(
  provider: Signer,
  delivery: { readonly headers: DeliveryHeaders; readonly body: Uint8Array },
  keys: () => Awaitable<KeyRing>,
  clock: { readonly toleranceSeconds: number | undefined; readonly now: () => number },
): Promise<Proof> {
  const sent = readSignature(provider.signature, delivery.headers);
  const keyRing = await keys();
  const match = await matchSignature(sent, delivery.body, await keyRing.keys(sent.scheme.algorithm));
  if (match === -1) {
    throw new WebhookError(
      'signature_mismatch',
      `The signature in ${sent.scheme.headers[0]} was not made of these bytes with this secret: the secret belongs to another endpoint of ${provider.name}, or something changed the body on its way.`,
    );
  }
  checkFreshness(sent.timestamp, clock.toleranceSeconds ?? sent.scheme.toleranceSeconds, clock.now());
  return { id: sent.id, scope: keyRing.scope, secretIndex: match };
}
