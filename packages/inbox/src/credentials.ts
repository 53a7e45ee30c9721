import type { NewDelivery } from '@hookproof/core/inbox';
import { invalid, printable } from '@hookproof/core/strict';

/**
 * Headers of which whoever reads the value can use it again, for whatever they like: they let somebody in, and handlers
 * need none of them. A signature is none, because it fits one body; nor is a certificate, which is worth nothing without
 * its key.
 */
const credentials = [
  // HTTP's own.
  ...['authorization', 'proxy-authorization', 'cookie', 'set-cookie'],
  // What APIs and gateways ask for.
  ...['x-api-key', 'api-key', 'apikey', 'x-auth-token', 'x-access-token'],
  // What providers send in place of a signature: the secret itself.
  ...['x-gitlab-token', 'x-goog-channel-token', 'x-telegram-bot-api-secret-token'],
  // What proxies and hosts add of whoever has logged in to them, or of the app itself.
  ...['x-forwarded-access-token', 'cf-access-client-secret', 'cf-access-jwt-assertion', 'x-goog-iap-jwt-assertion'],
  ...['x-serverless-authorization', 'x-amz-security-token', 'x-amzn-oidc-accesstoken', 'x-amzn-oidc-data'],
  ...['x-ms-token-aad-access-token', 'x-ms-token-aad-id-token', 'x-ms-token-aad-refresh-token'],
  ...['x-vercel-oidc-token', 'x-vercel-protection-bypass'],
] as const;

const all: ReadonlySet<string> = new Set(credentials);

/** Headers as they are stored: without credentials, but for those that were asked for by name. */
export function withoutCredentials(headers: NewDelivery['headers'], kept: readonly string[]): NewDelivery['headers'] {
  const stored = [...headers].filter(([name]) => !all.has(name.toLowerCase()) || kept.includes(name.toLowerCase()));
  return stored.length === headers.size ? headers : new Map(stored);
}

/** Checks the option `keepHeaders`, and gives its names in lower case. */
export function checkKept(given: unknown): readonly string[] {
  if (!Array.isArray(given) || !given.every((name) => typeof name === 'string')) {
    throw invalid("keepHeaders must be a list of names of headers, such as ['authorization']");
  }
  const names = given.map((name: string) => name.toLowerCase());
  const other = names.find((name) => !all.has(name));
  if (other === undefined) return names;
  // It may be misspelt, and would then be missed only when it is needed.
  throw invalid(
    `keepHeaders has "${printable(other, 64)}", which is none of the headers that are left out`,
    `There are: ${credentials.join(', ')}.`,
  );
}
