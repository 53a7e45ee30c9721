import type { DeliveryHeaders } from '../bytes/headers.ts';
import type { WebhookError, WebhookErrorCode } from '../error.ts';
import { isRejection, type RejectionCode } from '../error.ts';
import type { Secret } from '../proof/secret.ts';
import type { SigningSecrets } from '../proof/signing-secrets.ts';
import type { Provider } from '../provider.ts';
import type { Awaitable } from '../timing/awaitable.ts';
import { type Evidence, explain, type Finding, type FoundCause } from './causes.ts';
import { inTurn } from './in-turn.ts';
import { diagnoseMalformed } from './malformed.ts';
import { diagnoseMismatch } from './mismatch.ts';
import { diagnoseMissing } from './missing.ts';
import { diagnoseStale } from './stale.ts';
import { signatureHeadersOf } from './suspect.ts';
import { grantTrials } from './trials.ts';

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
  readonly secrets: () => Awaitable<SigningSecrets>;
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
    const { code } = error;
    if (isSearched(code)) return inWords(provider, await search(code, rejected, circumstances));
    return asItSays(error);
  } catch {
    return inWords(provider, { cause: 'diagnosis_failed', evidence: { code: error.code } });
  }
}

function isSearched(code: WebhookErrorCode): code is Searched {
  return ['missing_signature', 'malformed_signature', 'signature_mismatch', 'stale_delivery'].includes(code);
}

async function search(
  code: Searched,
  { headers = new Map(), body = new Uint8Array() }: Rejected,
  circumstances: Circumstances,
): Promise<Finding> {
  const { provider } = circumstances;
  if (code === 'stale_delivery') return diagnoseStale(provider, headers, circumstances);
  const secrets = await secretsOf(circumstances);
  return inTurn(() => searches[code]({ provider, headers, body, secrets, trials: grantTrials() }));
}

const searches = {
  missing_signature: diagnoseMissing,
  malformed_signature: diagnoseMalformed,
  signature_mismatch: diagnoseMismatch,
} as const;

/** The secrets of the request; a secret function that fails here leaves it at what can be found without. */
async function secretsOf(circumstances: Circumstances): Promise<readonly Secret[]> {
  try {
    return (await circumstances.secrets()).given;
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
function asItSays({ code, message, fix = '' }: WebhookError): Diagnosis {
  if (isSearched(code) || code === 'busy' || !isRejection(code)) {
    throw new TypeError(`${code} is no rejection that says why`);
  }
  const explanation = fix === '' ? message : message.slice(0, -fix.length).trim();
  return { cause: code, explanation, fix, evidence: {} };
}

const maxPerMinute = 30;

/**
 * Prepares the lazy diagnoses of a receiver: each is made once, when it is asked for and the reply has had its turn, and
 * there are only so many searches in a minute.
 */
export function lazyDiagnosis(
  provider: Provider,
  clock: { readonly now: () => number; readonly toleranceSeconds: number | undefined },
): (error: WebhookError, rejected: Rejected, secrets: () => Awaitable<SigningSecrets>) => () => Promise<Diagnosis> {
  const isAllowed = perMinute(maxPerMinute);
  const { toleranceSeconds } = clock;
  return (error, rejected, secrets) => {
    if (!isSearched(error.code)) return saidBy(error);
    const circumstances = { provider, secrets, at: timeBy(clock.now), toleranceSeconds };
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

// A function of its own, so that whoever keeps the report of such a rejection does not keep the delivery with it.
function saidBy(error: WebhookError): () => Promise<Diagnosis> {
  return async () => asItSays(error);
}

/** The time by a clock of the user's, which may throw. */
function timeBy(now: () => number): number {
  try {
    return now();
  } catch {
    return Number.NaN;
  }
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
