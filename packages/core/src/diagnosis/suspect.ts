import type { DeliveryHeaders } from '../bytes/headers.ts';
import { Refusal } from '../error.ts';
import { cryptography } from '../proof/crypto.ts';
import type { CompiledScheme } from '../proof/scheme.ts';
import { type Secret, secretBytesOf } from '../proof/secret.ts';
import { readSignature, type SentSignature } from '../proof/signature.ts';
import type { Provider } from '../provider.ts';
import type { Trials } from './trials.ts';

/** A rejected delivery, and what may be tried on it. */
export interface Suspect {
  readonly provider: Provider;
  readonly headers: DeliveryHeaders;
  readonly body: Uint8Array;
  /** The receiver's own; empty where the secret function gave none. */
  readonly secrets: readonly Secret[];
  readonly trials: Trials;
}

/** Whether a signature would fit; it cannot be tried without a secret, or where the body is too large. */
export type Fits = 'yes' | 'no' | 'not tried';

/** A secret with the name by which its owner finds it. */
export interface NamedSecret {
  readonly name: string;
  readonly secret: Secret;
  readonly bytes: Uint8Array;
}

// Who rotates has two or three; with more, the trials would not reach the body.
const maxSecrets = 4;

/** The secrets of the receiver, the first of them. */
export function namedSecrets({ secrets, provider }: Suspect): readonly NamedSecret[] {
  return secrets.slice(0, maxSecrets).flatMap((secret, index) => {
    const bytes = secretBytesOf(secret, provider);
    const name = secrets.length === 1 ? 'secret' : `secret[${index}]`;
    return bytes === undefined ? [] : [{ name, secret, bytes }];
  });
}

/** The headers of a list of schemes that carry a signature, in words. */
export function signatureHeadersOf(schemes: readonly CompiledScheme[]): string {
  return schemes.map(({ headers }) => headers.join(' or ')).join(' or ');
}

/** The signature in headers by a list of schemes; undefined where they are no such signature. */
export function signatureIn(headers: DeliveryHeaders, schemes: readonly CompiledScheme[]): SentSignature | undefined {
  const sent = readSignature(schemes, headers);
  return sent instanceof Refusal ? undefined : sent;
}

/** The beginning of a SHA-256, by which two people can compare what neither shows. */
export async function fingerprint(bytes: Uint8Array): Promise<string> {
  return (await cryptography.sha256Hex(bytes)).slice(0, 8);
}

/** Whether one of several secrets made a sent signature of the body as it arrived. */
export async function fitsAny(
  { trials, body }: Suspect,
  sent: SentSignature,
  secrets: readonly Uint8Array[],
): Promise<boolean> {
  for (const bytes of secrets) if (await trials.fits(sent, bytes, body)) return true;
  return false;
}
