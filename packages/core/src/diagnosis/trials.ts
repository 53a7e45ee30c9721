import { encode } from '../bytes/encoding.ts';
import { cryptography, type HashAlgorithm } from '../proof/crypto.ts';
import { matchSignature, type SentSignature } from '../proof/signature.ts';

const maxTrials = 64;
const maxTrialBytes = 1024 * 1024;
const patientBytes = 64 * 1024;

/** The HMACs that one diagnosis may compute, so that nobody can buy work with a forged delivery. */
export interface Trials {
  /** The HMAC with a key; undefined once there were enough, or where the body is too large. */
  readonly mac: (
    algorithm: HashAlgorithm,
    key: Uint8Array,
    before: string,
    body: Uint8Array,
  ) => Promise<Uint8Array | undefined>;
  /** Whether a key made one of the sent signatures, as far as that may still be tried. */
  readonly fits: (sent: SentSignature, key: Uint8Array, body: Uint8Array) => Promise<boolean>;
  /** How many there were. */
  readonly used: () => number;
}

/** Grants the trials of one diagnosis. */
export function grantTrials(): Trials {
  let left = maxTrials;
  const granted = async (key: Uint8Array, body: Uint8Array) => {
    if (left === 0 || key.length === 0 || !isTriable(body)) return false;
    left -= 1;
    // Deliveries that arrive in the meantime need not wait for all trials of a large body.
    if (body.length > patientBytes) await new Promise((resolve) => setTimeout(resolve, 0));
    return true;
  };
  return {
    used: () => maxTrials - left,
    async mac(algorithm, key, before, body) {
      if (!(await granted(key, body))) return undefined;
      const hmac = await cryptography.hmac(algorithm, key);
      return hmac(before, body);
    },
    async fits(sent, key, body) {
      if (!(await granted(key, body))) return false;
      return (await matchSignature(sent, body, [await cryptography.hmac(sent.scheme.algorithm, key)])) === 0;
    },
  };
}

/** Whether a body is small enough to be tried. */
export function isTriable(body: Uint8Array): boolean {
  return body.length <= maxTrialBytes;
}

/** Compares texts in constant time, as everything here that holds an expected signature. */
export function sameText(a: string, b: string): boolean {
  return cryptography.equal(encode(a), encode(b));
}
