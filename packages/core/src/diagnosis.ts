import type { Awaitable } from './crypto.ts';
import { type Evidence, explain, type Finding, type FoundCause } from './diagnosis/causes.ts';
import { diagnoseMalformed } from './diagnosis/malformed.ts';
import { diagnoseMismatch } from './diagnosis/mismatch.ts';
import { diagnoseMissing } from './diagnosis/missing.ts';
import { diagnoseStale } from './diagnosis/stale.ts';
import { type Suspect, signatureHeadersOf } from './diagnosis/suspect.ts';
import { grantTrials } from './diagnosis/trials.ts';
import type { WebhookError, WebhookErrorCode } from './error.ts';
import type { DeliveryHeaders } from './headers.ts';
import type { Provider } from './provider.ts';
import type { RejectionCode } from './reply.ts';
import type { KeyRing, Secret } from './secret.ts';

/** What is searched for; where the code of the rejection already says it all, that is the cause. */
type Searched = 'missing_signature' | 'malformed_signature' | 'signature_mismatch' | 'stale_delivery';

/** Why a delivery was rejected. It is stable, so that an alert or a `switch` may rely on it. */
export type DiagnosisCause = FoundCause | Exclude<RejectionCode, Searched | 'busy'>;

/**
 * Why a delivery was rejected, for the operator. It never holds a secret, a signature or a body, but tells more than a
 * sender may know: do not put it in a reply.
 */
export interface Diagnosis {
  /** What is wrong; `docs/diagnosis.md` lists them all. */
  readonly cause: DiagnosisCause;
  /** The same in a sentence, with the facts of this delivery. */
  readonly explanation: string;
  /** What to do about it. */
  readonly fix: string;
  /** The facts: names of headers and options, sizes, times, and fingerprints to compare. */
  readonly evidence: Evidence;
}

/** A rejected delivery, as far as it came. */
export interface Rejected {
  readonly headers?: DeliveryHeaders;
  readonly body?: Uint8Array;
}

/** Where and when a delivery was rejected. */
export interface Circumstances {
  readonly provider: Provider;
  readonly keyRing: () => Awaitable<KeyRing>;
  /** The clock at that time, in milliseconds since 1970. */
  readonly at: number;
  readonly toleranceSeconds: number | undefined;
}

/** Finds out why a delivery was rejected, at whatever cost {@link grantTrials} allows. It never throws. */
export async function diagnose(
  error: WebhookError,
  rejected: Rejected,
  circumstances: Circumstances,
): Promise<Diagnosis> {
  const { provider } = circumstances;
  try {
    const found = await search(error.code, rejected, circumstances);
    return typeof found === 'string' ? asItSays(found, error) : inWords(provider, found);
  } catch {
    return inWords(provider, { cause: 'diagnosis_failed', evidence: { code: error.code } });
  }
}

/** What there is to find; the code itself where that already says it all. */
async function search(
  code: WebhookErrorCode,
  { headers = new Map(), body = new Uint8Array() }: Rejected,
  circumstances: Circumstances,
): Promise<Finding | Exclude<DiagnosisCause, FoundCause>> {
  const { provider } = circumstances;
  const suspect = async (): Promise<Suspect> => {
    const secrets = await secretsOf(circumstances);
    return { provider, headers, body, secrets, trials: grantTrials() };
  };
  switch (code) {
    case 'missing_signature':
      return diagnoseMissing(await suspect());
    case 'malformed_signature':
      return diagnoseMalformed(await suspect());
    case 'signature_mismatch':
      return diagnoseMismatch(await suspect());
    case 'stale_delivery':
      return diagnoseStale(provider, headers, circumstances);
    case 'busy':
    case 'invalid_options':
      throw new TypeError(`${code} is no rejection of a delivery`);
    default:
      return code;
  }
}

/** The secrets of the request; a secret function that fails here leaves it at what can be found without. */
async function secretsOf({ keyRing }: Circumstances): Promise<readonly Secret[]> {
  try {
    return (await keyRing()).secrets;
  } catch {
    return [];
  }
}

function inWords(provider: Provider, { cause, evidence }: Finding): Diagnosis {
  const wanted = signatureHeadersOf(provider.signature);
  const facts = { provider: provider.name, header: wanted, wanted, ...evidence };
  return { cause, ...explain(cause, facts), evidence };
}

/** A rejection whose error already says what is wrong, and what to do. */
function asItSays(cause: Exclude<DiagnosisCause, FoundCause>, { message, fix = '' }: WebhookError): Diagnosis {
  const explanation = fix === '' ? message : message.slice(0, -fix.length).trim();
  return { cause, explanation, fix, evidence: {} };
}

const maxPerMinute = 30;

/**
 * Prepares the lazy diagnoses of a receiver: each is made once, when it is asked for and the reply has had its turn, and
 * there are only so many in a minute.
 */
export function lazyDiagnosis<Request>(
  provider: Provider,
  keysFor: (request: Request) => Awaitable<KeyRing>,
  clock: { readonly now: () => number; readonly toleranceSeconds: number | undefined },
): (error: WebhookError, rejected: Rejected, request: Request) => () => Promise<Diagnosis> {
  const isAllowed = perMinute(maxPerMinute);
  return (error, rejected, request) => {
    const { toleranceSeconds } = clock;
    const circumstances = { provider, keyRing: () => keysFor(request), at: clock.now(), toleranceSeconds };
    let diagnosis: Promise<Diagnosis> | undefined;
    const make = async () => {
      await new Promise((resolve) => setTimeout(resolve, 0));
      if (isAllowed()) return diagnose(error, rejected, circumstances);
      return inWords(provider, { cause: 'too_many_diagnoses', evidence: {} });
    };
    return () => {
      diagnosis ??= make();
      return diagnosis;
    };
  };
}

/** Says yes a number of times in each minute. */
function perMinute(times: number): () => boolean {
  let began = Number.NEGATIVE_INFINITY;
  let said = 0;
  return () => {
    const now = performance.now();
    if (now - began >= 60_000) [began, said] = [now, 0];
    said += 1;
    return said <= times;
  };
}
