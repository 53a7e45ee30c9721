import type { CompiledScheme } from '../proof/scheme.ts';
import { presentHeader, presentScheme, type SentSignature } from '../proof/signature.ts';
import type { Provider } from '../provider.ts';
import type { Finding } from './causes.ts';
import { otherReceiverFits } from './others.ts';
import { knownSender } from './senders.ts';
import { type Fits, fitsAny, namedSecrets, type Suspect, signatureIn } from './suspect.ts';

// An attacker may send thousands of headers; a sender sends a dozen or two.
const maxHeaders = 64;
const maxName = /^[\x21-\x7e]{1,64}$/;

// Without a proof, what is not a signature by its name is none: `x-amz-content-sha256` holds 64 hex digits too.
const signatureName = /sig|hmac|hook|auth/;

/** Why a delivery has no signature where its provider puts one. */
export async function diagnoseMissing(suspect: Suspect): Promise<Finding> {
  return (
    incomplete(suspect) ??
    (await notAccepted(suspect)) ??
    (await otherReceiverFits(suspect)) ??
    (await renamed(suspect)) ?? { cause: 'signature_absent', evidence: {} }
  );
}

/** Some headers of a scheme are there, and others are not. */
function incomplete({ provider, headers }: Suspect): Finding | undefined {
  const scheme = presentScheme(provider.signature, headers);
  if (scheme === undefined) return undefined;
  const present = presentHeader(scheme.reads, headers) ?? '';
  const parts = [scheme.headers, scheme.timestamp?.headers, scheme.id?.headers];
  const missing = parts.find((names) => names !== undefined && presentHeader(names, headers) === undefined);
  return { cause: 'signature_incomplete', evidence: { present, missing: missing?.join(' or ') ?? '' } };
}

/** The provider also signs in another way, which this receiver was told not to accept. */
async function notAccepted(suspect: Suspect): Promise<Finding | undefined> {
  const { provider, headers } = suspect;
  const scheme = presentScheme(provider.notAccepted, headers);
  const header = scheme && presentHeader(scheme.headers, headers);
  if (scheme === undefined || header === undefined) return undefined;
  return {
    cause: 'signature_not_accepted',
    evidence: { header, fits: await fits(suspect, signatureIn(headers, [scheme])) },
  };
}

/** A header of another name holds a signature: one that fits, else one of a known sender, else what looks like one. */
async function renamed(suspect: Suspect): Promise<Finding | undefined> {
  const { provider, headers } = suspect;
  const names = [...headers.keys()].slice(0, maxHeaders).filter((name) => maxName.test(name));
  let looksLike: Finding | undefined;
  for (const header of names) {
    for (const scheme of provider.signature) {
      const sent = signatureIn(headers, [underName(scheme, header)]);
      if (sent === undefined) continue;
      const found: Finding = { cause: 'header_renamed', evidence: { header, fits: await fits(suspect, sent) } };
      if (found.evidence['fits'] === 'yes') return wrongReceiver(provider, header) ?? found;
      if (signatureName.test(header)) looksLike ??= found;
    }
  }
  const other = knownSender(names);
  if (other === undefined || isNamed(provider, other.sender)) return looksLike;
  return { cause: 'other_provider_header', evidence: { header: other.header, other: other.sender } };
}

/** Nobody has renamed a header that is another sender's own: that is who sends here, with the secret that is here. */
function wrongReceiver(provider: Provider, name: string): Finding | undefined {
  const other = knownSender([name]);
  if (other === undefined || isNamed(provider, other.sender)) return undefined;
  return { cause: 'receiver_wrong', evidence: { header: name, other: other.sender } };
}

function isNamed({ name }: Provider, sender: string): boolean {
  return sender.toLowerCase().replaceAll(' ', '-') === name;
}

/** A scheme with its headers renamed alike: `x-hook-signature`, `x-hook-timestamp`, `x-hook-id`. */
function underName(scheme: CompiledScheme, name: string): CompiledScheme {
  const alike = (part: string, names: readonly string[]) => [name.replace(/signature(-v\d+)?/, part), ...names];
  const timestamp = scheme.timestamp && { ...scheme.timestamp, headers: alike('timestamp', scheme.timestamp.headers) };
  const id = scheme.id && { headers: alike('id', scheme.id.headers) };
  const reads = [name, ...(timestamp?.headers ?? []), ...(id?.headers ?? [])];
  return { ...scheme, headers: [name], timestamp, id, reads };
}

async function fits(suspect: Suspect, sent: SentSignature | undefined): Promise<Fits> {
  const secrets = namedSecrets(suspect).map(({ bytes }) => bytes);
  const before = suspect.trials.used();
  if (sent !== undefined && (await fitsAny(suspect, sent, secrets))) return 'yes';
  return sent !== undefined && suspect.trials.used() === before ? 'not tried' : 'no';
}
