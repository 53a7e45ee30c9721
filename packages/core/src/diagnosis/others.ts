import { toBytes } from '../bytes/body.ts';
import { type Secret, secretBytesOf } from '../proof/secret.ts';
import type { SentSignature } from '../proof/signature.ts';
import type { Provider } from '../provider.ts';
import type { Finding } from './causes.ts';
import { otherReceivers, receiversOfOthers } from './receivers.ts';
import { fingerprint, fitsAny, type Suspect, signatureIn } from './suspect.ts';

/** Whether the delivery is genuine for another receiver of this process, whose provider signs in other headers. */
export async function otherReceiverFits(suspect: Suspect): Promise<Finding | undefined> {
  for (const { provider, name, secrets } of receiversOfOthers(suspect.provider)) {
    const sent = signatureIn(suspect.headers, provider.signature);
    if (sent !== undefined && (await fittingSecret(suspect, sent, secrets, provider)) !== undefined) {
      return { cause: 'other_provider_fits', evidence: { other: provider.name, receiver: name } };
    }
  }
  return undefined;
}

/** Whether the secret of another receiver made the signature. */
export async function otherSecretFits(suspect: Suspect, sent: SentSignature): Promise<Finding | undefined> {
  for (const { provider, name, secrets } of otherReceivers(suspect.secrets)) {
    const secret = await fittingSecret(suspect, sent, secrets, provider);
    if (secret === undefined) continue;
    // Where nobody has named the receivers of one provider, their secrets tell them apart.
    const secretSha256 = await fingerprint(toBytes(secret));
    return { cause: 'other_secret_fits', evidence: { other: provider.name, receiver: name, secretSha256 } };
  }
  return undefined;
}

async function fittingSecret(
  suspect: Suspect,
  sent: SentSignature,
  secrets: readonly Secret[],
  provider: Provider,
): Promise<Secret | undefined> {
  for (const secret of secrets) {
    const bytes = secretBytesOf(secret, provider);
    if (bytes !== undefined && (await fitsAny(suspect, sent, [bytes]))) return secret;
  }
  return undefined;
}
