/** What a cause says, and what to do. Names in braces are filled in from the evidence. */
interface Text {
  readonly explanation: string;
  readonly fix: string;
}

const secretFix = 'Correct the secret where it is configured: it must be byte for byte what {provider} gave.';
const senderFix = 'Let the sender write the header as {provider} does: {form}. If a proxy rewrites it, turn that off.';
const bodyFix =
  'Find what changes the body between {provider} and this receiver (a gateway, a proxy, an earlier middleware), and let it pass the bytes on untouched.';
const curlFix = `${bodyFix} With curl, use --data-binary and not --data.`;

/** Every cause that a search can find, in the order of a delivery's way. */
export const causes = {
  // No signature where the provider puts it.
  signature_incomplete: {
    explanation: 'The header {missing} is missing, but {present} came: they are signed together.',
    fix: 'Let every proxy pass on all of them.',
  },
  signature_not_accepted: {
    explanation:
      'Only the signature {header} came (fits: {fits}), which this receiver does not accept: it demands {wanted}.',
    fix: "If the sender does send {wanted}, look for a proxy that drops the headers. If it cannot, accept both: signature: 'auto' of Grantex, or both schemes in defineProvider.",
  },
  header_renamed: {
    explanation: 'The header {wanted} is missing, but {header} holds what looks like its signature (fits: {fits}).',
    fix: 'Let the sender or the proxy use the name {wanted}, or describe the sender with defineProvider.',
  },
  receiver_wrong: {
    explanation:
      'This is a delivery of {other}: its {header} fits the secret of this receiver, which is one for {provider}.',
    fix: 'Make this receiver one for {other}.',
  },
  other_provider_fits: {
    explanation:
      'This is a genuine delivery of {other}, which has a receiver of its own in this process, named {receiver}.',
    fix: 'Give each receiver a path of its own, and let {other} send to that of {receiver}: of two on one path the first answers everything.',
  },
  other_provider_header: {
    explanation: 'No signature of {provider} came, but {header}, which {other} sends.',
    fix: 'Point the webhook of {other} at a receiver for {other}, or make this receiver one.',
  },
  signature_absent: {
    explanation: 'No header looks like a signature: {wanted} is missing, and so is every other known one.',
    fix: 'Has the endpoint a secret at {provider}, and do all proxies pass the header on? A request by hand can be signed with signedDelivery of @hookproof/testing.',
  },

  // A signature that is not written as the provider writes it.
  prefix_missing: {
    explanation: 'The signature in {header} lacks its prefix "{prefix}" (fits with it: {fits}).',
    fix: senderFix,
  },
  prefix_doubled: {
    explanation: 'The signature in {header} has its prefix "{prefix}" more than once (fits with one: {fits}).',
    fix: senderFix,
  },
  prefix_case: {
    explanation: 'The prefix of the signature in {header} is not written "{prefix}" (fits otherwise: {fits}).',
    fix: senderFix,
  },
  prefix_other: {
    explanation: 'The signature in {header} begins with another prefix than "{prefix}" (fits otherwise: {fits}).',
    fix: senderFix,
  },
  prefix_unexpected: {
    explanation: 'The signature in {header} has a prefix, where {provider} writes none (fits without: {fits}).',
    fix: senderFix,
  },
  digest_base64: {
    explanation: 'The signature in {header} is written in base64, where {provider} writes hex (fits: {fits}).',
    fix: senderFix,
  },
  digest_hex: {
    explanation: 'The signature in {header} is written in hex, where {provider} writes base64 (fits: {fits}).',
    fix: senderFix,
  },
  digest_base64url: {
    explanation: 'The signature in {header} is base64 of the URL kind or without padding (fits: {fits}).',
    fix: senderFix,
  },
  digest_truncated: {
    explanation:
      'The signature in {header} is cut off: it has {characters} characters with its prefix, and needs {wantedCharacters} (fits as far as it goes: {fits}).',
    fix: 'Look for a limit of {characters} characters in a database column, a proxy or a test fixture.',
  },
  algorithm_other: {
    explanation: 'The signature in {header} is as long as one of {algorithm}, not of {wantedAlgorithm} (fits: {fits}).',
    fix: 'Let the sender sign with {wantedAlgorithm}, or describe it with defineProvider.',
  },
  signature_quoted: {
    explanation: 'The signature in {header} stands in quotes (fits without: {fits}).',
    fix: senderFix,
  },
  signature_repeated: {
    explanation: 'The header {header} came {times} times (the first fits: {fits}).',
    fix: 'Look for a proxy that adds the header again.',
  },
  signature_malformed: {
    explanation: 'What {header} holds is not a signature: it is not {form}, but {characters} characters.',
    fix: 'Log the header where the sender makes it: an unset variable or an unfilled template looks like this.',
  },
  timestamp_milliseconds: {
    explanation: 'The time in {header} is in milliseconds since 1970, where seconds are signed (fits: {fits}).',
    fix: 'Let the sender sign and send whole seconds: Math.floor(Date.now() / 1000).',
  },
  timestamp_malformed: {
    explanation: 'The time in {header} is not a number of seconds since 1970 (fits: {fits}).',
    fix: 'Let the sender sign and send whole seconds since 1970, in digits.',
  },
  id_malformed: {
    explanation: 'The id in {header} is empty, longer than 256 characters, or has one that would blur where it ends.',
    fix: 'Let the sender use letters, digits, - and _ in the id.',
  },

  // A signature that does not fit.
  body_empty: {
    explanation: 'No byte of the body arrived (content-length: {contentLength}).',
    fix: 'Look for a redirect, which may drop the body, or for a middleware that took it.',
  },
  secret_newline: {
    explanation: 'The signature fits if the line break at an end of the option {option} is taken away.',
    fix: `${secretFix} Files and "echo" add a line break: use printf '%s', or trim() where you read it.`,
  },
  secret_whitespace: {
    explanation: 'The signature fits if the spaces around the option {option} are taken away.',
    fix: secretFix,
  },
  secret_quoted: {
    explanation: 'The signature fits if the quotes around the option {option} are taken away.',
    fix: `${secretFix} docker --env-file and some CI systems keep quotes.`,
  },
  secret_prefix_missing: {
    explanation: 'The signature fits if the option {option} has "whsec_" before it.',
    fix: secretFix,
  },
  secret_prefix_unexpected: {
    explanation: 'The signature fits if the "whsec_" of the option {option} is taken away.',
    fix: 'The sender signs without the prefix: configure the secret without it.',
  },
  secret_decoded: {
    explanation: 'The signature fits if the {encoding} of the option {option} is decoded.',
    fix: 'The sender decodes the secret before it signs. Give the receiver {give}.',
  },
  secret_undecoded: {
    explanation: 'The signature fits the text of the option {option} as it is, and not the bytes that it stands for.',
    fix: 'The sender signs with the text. Give the receiver {give}.',
  },
  other_scheme_fits: {
    explanation: 'The signature in {header} fits the body and the option {option}, but the one in {wanted} does not.',
    fix: 'What is signed beside the body was changed on its way: compare {signed} with what the sender wrote.',
  },
  signs_body_alone: {
    explanation: 'The signature in {header} covers the body alone, where {provider} signs {signed} with it.',
    fix: 'Let the sender sign {signed} before the body, or describe it with defineProvider: without a signed time a captured delivery can be replayed.',
  },
  body_bom: {
    explanation: 'The signature fits the body {how} a byte order mark (EF BB BF) at its start.',
    fix: bodyFix,
  },
  body_final_newline: {
    explanation: 'The signature fits the body {how}.',
    fix: curlFix,
  },
  body_line_endings: {
    explanation: 'The signature fits the body with {how} line endings.',
    fix: `${bodyFix} A fixture may have been converted by git: mark it "-text" in .gitattributes.`,
  },
  body_reserialised: {
    explanation: 'The signature fits the same JSON written {how}: something parsed the body and wrote it anew.',
    fix: curlFix,
  },
  body_json_string: {
    explanation: 'The signature fits what is inside of the body, which is a JSON string that holds the JSON.',
    fix: 'Something called JSON.stringify on a text: pass it on as it is.',
  },
  body_json_bytes: {
    explanation: 'The signature fits the bytes that the body lists as numbers: something wrote them as JSON.',
    fix: 'supertest and inject do so: give them the text of signedDelivery. Else pass the bytes on as they are.',
  },
  body_percent_encoded: {
    explanation: 'The signature fits the body after percent-decoding: it came as a form.',
    fix: `${bodyFix} If the provider offers a choice of format, choose JSON.`,
  },
  body_base64: {
    explanation: 'The signature fits the bytes for which the body stands in base64.',
    fix: "Decode it before you pass it on: Buffer.from(body, 'base64'). AWS Lambda says so with isBase64Encoded.",
  },
  body_gzipped: {
    explanation: 'The signature fits the body after gunzipping it.',
    fix: 'Something compressed the body without saying so. Turn compression of requests off for this path.',
  },
  body_latin1: {
    explanation: 'The signature fits the body {how}: something read its UTF-8 as Latin-1.',
    fix: `${bodyFix} In code, keep the body a Buffer; 'latin1' and 'binary' are not for text.`,
  },
  other_secret_fits: {
    explanation:
      'The signature fits the secret of another receiver of this process, the one for {other}, named {receiver}, whose secret has the fingerprint {secretSha256}.',
    fix: 'The secrets of two endpoints are swapped, or the webhook points at the path of the other receiver: of two on one path the first answers everything.',
  },
  secret_absent: {
    explanation: 'The secret function gave no secret for this request.',
    fix: 'Does it know the endpoint that was called, such as the tenant in its path?',
  },
  body_cut_off: {
    explanation:
      'The body is cut off: its JSON does not end within {bodyBytes} bytes (content-length: {contentLength}).',
    fix: 'Look for a limit in a proxy, a queue or a column, and for code that takes one piece of a body for all of it.',
  },
  content_length_mismatch: {
    explanation:
      'The header content-length says {contentLength} bytes, and {bodyBytes} bytes arrived: the body was changed on its way.',
    fix: bodyFix,
  },
  nothing_fits: {
    explanation:
      'Neither another spelling of the secret nor a change of the body that can be undone explains it ({trials} trials): probably the secret is of another endpoint or environment; else the body was changed for good, or this is a forgery.',
    fix: 'Compare fingerprints. Secret: printf %s "$SECRET" | sha256sum | cut -c1-8, with the secret that {provider} gave for this endpoint, must print {secretSha256}. If nobody kept it, have a new one made. Body: sha256sum of what the sender sent must begin with {bodySha256}, and it must be {bodyBytes} bytes long. If both agree, the sender does not sign as {provider} does.',
  },

  // A genuine delivery at the wrong time.
  timestamp_stale: {
    explanation:
      "The delivery is genuine, but was signed {seconds} seconds ago: at {signedAt}, while this server's clock says {serverClock}.",
    fix: 'If the clock is right, this is a replay, or a test with a captured delivery: sign a new one. If not, set the clock by NTP. toleranceSeconds is {toleranceSeconds}.',
  },
  timestamp_future: {
    explanation:
      "The delivery is genuine, but was signed {seconds} seconds in the future: at {signedAt}, while this server's clock says {serverClock}.",
    fix: "Set this server's clock by NTP. If it is right, the sender's is wrong. toleranceSeconds is {toleranceSeconds}.",
  },

  // No search.
  too_large_to_diagnose: {
    explanation: 'The signature does not fit, and the body of {bodyBytes} bytes is too large to try why.',
    fix: 'Send a smaller delivery to the same endpoint.',
  },
  too_many_diagnoses: {
    explanation: 'More than 30 deliveries were diagnosed within a minute, so this one was not.',
    fix: 'Look at the earlier ones, or send this one again in a minute.',
  },
  diagnosis_failed: {
    explanation: 'The search for the cause failed.',
    fix: 'Report it to the makers of Hookproof, with the code {code}.',
  },
} as const satisfies Readonly<Record<string, Text>>;

/** What a search can find. */
export type FoundCause = keyof typeof causes;

/** Facts to a cause: names of headers and options, sizes, times and fingerprints; never a secret or a signature. */
export type Evidence = Readonly<Record<string, string | number>>;

/** What a search has found. */
export interface Finding {
  readonly cause: FoundCause;
  readonly evidence: Evidence;
}

/** A cause in words. */
export function explain(cause: FoundCause, evidence: Evidence): Text {
  const facts = new Map(Object.entries(evidence));
  const fill = (text: string) => text.replace(/\{(\w+)\}/g, (_braces, name) => String(facts.get(name) ?? 'unknown'));
  return { explanation: fill(causes[cause].explanation), fix: fill(causes[cause].fix) };
}
