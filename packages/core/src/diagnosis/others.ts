import { secretBytesOf } from '../proof/secret.ts';
import type { SentSignature } from '../proof/signature.ts';
import type { Finding } from './causes.ts';
import { type KnownReceiver, otherReceivers } from './receivers.ts';
import { fitsAny, type Suspect, signatureIn } from './suspect.ts';

/** Whether the delivery is genuine for another receiver of this process, whose provider signs in other headers. */
export async function otherReceiverFits(suspect: Suspect): Promise<Finding | undefined> {
  for (const other of otherReceivers(suspect.secrets)) {
    if (other.provider.name === suspect.provider.name) continue;
    const sent = signatureIn(suspect.headers, other.provider.signature);
    if (sent !== undefined && (await fitsAny(suspect, sent, bytesOf(other)))) {
      return { cause: 'other_provider_fits', evidence: { other: other.provider.name } };
    }
  }
  return undefined;
}

/** Whether the secret of another receiver made the signature. */
export async function otherSecretFits(suspect: Suspect, sent: SentSignature): Promise<Finding | undefined> {
  for (const other of otherReceivers(suspect.secrets)) {
    if (await fitsAny(suspect, sent, bytesOf(other))) {
      return { cause: 'other_secret_fits', evidence: { other: other.provider.name } };
    }
  }
  return undefined;
}

function bytesOf({ secrets, provider }: KnownReceiver): readonly Uint8Array[] {
  return secrets.flatMap((secret) => secretBytesOf(secret, provider) ?? []);
}
