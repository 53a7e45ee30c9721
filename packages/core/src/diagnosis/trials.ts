import type { HashAlgorithm, MacEncoding } from '../proof/cryptography.ts';
import { matchSignature, type SentSignature } from '../proof/signature.ts';
import { SigningSecret } from '../proof/signing-secrets.ts';

const maxTrials = 64;
const maxTrialBytes = 1024 * 1024;
const patientBytes = 64 * 1024;

/** The HMACs that one diagnosis may compute, so that nobody can buy work with a forged delivery. */
export interface Trials {
  /** The MAC with a secret's bytes, as text; undefined once there were enough, or where the body is too large. */
  readonly mac: (
    algorithm: HashAlgorithm,
    secret: Uint8Array,
    before: string,
    body: Uint8Array,
    encoding: MacEncoding,
  ) => Promise<string | undefined>;
  /** Whether a secret's bytes made one of the sent signatures, as far as that may still be tried. */
  readonly fits: (sent: SentSignature, secret: Uint8Array, body: Uint8Array) => Promise<boolean>;
  /** How many there were. */
  readonly used: () => number;
}

/** Grants the trials of one diagnosis. */
export function grantTrials(): Trials {
  let left = maxTrials;
  const granted = async (secret: Uint8Array, body: Uint8Array) => {
    if (left === 0 || secret.length === 0 || !isTriable(body)) return false;
    left -= 1;
    // Deliveries that arrive in the meantime need not wait for all trials of a large body.
    if (body.length > patientBytes) await new Promise((resolve) => setTimeout(resolve, 0));
    return true;
  };
  return {
    used: () => maxTrials - left,
    async mac(algorithm, secret, before, body, encoding) {
      if (!(await granted(secret, body))) return undefined;
      const hmac = await new SigningSecret(secret).hmac(algorithm);
      return hmac(before, body, encoding);
    },
    async fits(sent, secret, body) {
      if (!(await granted(secret, body))) return false;
      return (await matchSignature(sent, body, [new SigningSecret(secret)])) === 0;
    },
  };
}

/** Whether a body is small enough to be tried. */
export function isTriable(body: Uint8Array): boolean {
  return body.length <= maxTrialBytes;
}
