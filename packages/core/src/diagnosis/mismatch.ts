import { toBytes } from '../bytes/body.ts';
import { presentHeader, type SentSignature } from '../proof/signature.ts';
import { bodyVariants, isCutOff } from './body-variants.ts';
import type { Evidence, Finding } from './causes.ts';
import { otherSecretFits } from './others.ts';
import { secretVariants } from './secret-variants.ts';
import { fingerprint, fitsAny, namedSecrets, type Suspect, signatureIn } from './suspect.ts';
import { isTriable } from './trials.ts';

/** Why a signature that is well written does not fit. */
export async function diagnoseMismatch(suspect: Suspect): Promise<Finding> {
  const { body, headers } = suspect;
  const sent = signatureIn(headers, suspect.provider.signature);
  if (body.length === 0) {
    return { cause: 'body_empty', evidence: { contentLength: lengthOf(suspect) ?? 'not sent' } };
  }
  if (!isTriable(body)) return { cause: 'too_large_to_diagnose', evidence: { bodyBytes: body.length } };
  const found =
    sent &&
    ((await secretWasMeantOtherwise(suspect, sent)) ??
      (await otherContentWasSigned(suspect, sent)) ??
      (await otherSecretFits(suspect, sent)) ??
      (await bodyWasChanged(suspect, sent)));
  return (
    found ??
    noSecret(suspect) ??
    cutOff(suspect) ??
    lengthWasChanged(suspect) ?? { cause: 'nothing_fits', evidence: await fingerprints(suspect) }
  );
}

async function secretWasMeantOtherwise(suspect: Suspect, sent: SentSignature): Promise<Finding | undefined> {
  for (const { secret, name } of namedSecrets(suspect)) {
    for (const { cause, evidence, bytes } of secretVariants(secret, name, suspect.provider)) {
      if (await suspect.trials.fits(sent, bytes, suspect.body)) return { cause, evidence };
    }
  }
  return undefined;
}

/** Secret and body are right, and what is signed with the body is not. */
async function otherContentWasSigned(suspect: Suspect, sent: SentSignature): Promise<Finding | undefined> {
  const { provider, headers } = suspect;
  const { scheme } = sent;
  const header = presentHeader(scheme.headers, headers) ?? '';
  const signed = [...(scheme.id?.headers ?? []), ...(scheme.timestamp?.headers ?? [])].filter((name) =>
    headers.has(name),
  );
  if (signed.length === 0) return undefined;
  for (const { name, bytes } of namedSecrets(suspect)) {
    if (await fitsAny(suspect, { ...sent, scheme: { ...scheme, template: [''] } }, [bytes])) {
      return { cause: 'signs_body_alone', evidence: { header, signed: signed.join(' and ') } };
    }
    for (const other of [...provider.signature, ...provider.notAccepted]) {
      const besides = other === scheme ? undefined : signatureIn(headers, [other]);
      if (besides === undefined || !(await fitsAny(suspect, besides, [bytes]))) continue;
      const fitting = presentHeader(other.headers, headers) ?? '';
      return {
        cause: 'other_scheme_fits',
        evidence: { header: fitting, option: name, wanted: header, signed: signed.join(' and ') },
      };
    }
  }
  return undefined;
}

async function bodyWasChanged(suspect: Suspect, sent: SentSignature): Promise<Finding | undefined> {
  const secrets = namedSecrets(suspect);
  for await (const { cause, evidence, bytes: variant } of bodyVariants(suspect.body)) {
    for (const { bytes } of secrets) if (await suspect.trials.fits(sent, bytes, variant)) return { cause, evidence };
  }
  return undefined;
}

function noSecret({ secrets }: Suspect): Finding | undefined {
  return secrets.length === 0 ? { cause: 'secret_absent', evidence: {} } : undefined;
}

/** What is missing cannot be tried, but JSON that begins and does not end is no secret's fault. */
function cutOff(suspect: Suspect): Finding | undefined {
  if (!isCutOff(suspect.body)) return undefined;
  const contentLength = lengthOf(suspect) ?? 'not sent';
  return { cause: 'body_cut_off', evidence: { bodyBytes: suspect.body.length, contentLength } };
}

/** No change that is known fits, but the body is not as long as it was sent. */
function lengthWasChanged(suspect: Suspect): Finding | undefined {
  const contentLength = lengthOf(suspect);
  const bodyBytes = suspect.body.length;
  if (contentLength === undefined || contentLength === bodyBytes) return undefined;
  return { cause: 'content_length_mismatch', evidence: { contentLength, bodyBytes } };
}

function lengthOf({ headers }: Suspect): number | undefined {
  const text = headers.get('content-length') ?? '';
  return /^\d{1,15}$/.test(text) ? Number(text) : undefined;
}

async function fingerprints(suspect: Suspect): Promise<Evidence> {
  const secrets = namedSecrets(suspect).map(({ secret }) => fingerprint(toBytes(secret)));
  return {
    secretSha256: (await Promise.all(secrets)).join(' or '),
    bodySha256: await fingerprint(suspect.body),
    bodyBytes: suspect.body.length,
    trials: suspect.trials.used(),
  };
}
