import type { Provider } from '@hookproof/core';
import { printable } from '../terminal.ts';
import type { SendOptions } from './options.ts';
import type { Summary } from './summary.ts';

/** A run that did not go as it should. */
export interface Missed {
  readonly provider: Provider;
  readonly summary: Summary;
  readonly url: string;
  readonly options: SendOptions;
}

/** What to look at, where everything failed alike, and nothing was made to fail. */
export function hintOf({ provider, summary, url, options }: Missed): string | undefined {
  const { delivered, results } = summary;
  const [[result] = [''], ...others] = results;
  if (delivered > 0 || others.length > 0) return undefined;
  const { tamper, wrongSecret, withoutSignature, signedAgo, cutBody } = options;
  const isFaulty = [tamper, wrongSecret, withoutSignature, signedAgo, cutBody].some((fault) => fault !== undefined);
  if (isFaulty && options.faultyAttempts !== undefined && options.retries !== 'none') {
    return `Nothing was tried again: ${provider.name} is not known to do so.`;
  }
  if (isFaulty) return undefined;
  const at = printable(url);
  return hints.get(result)?.(at, provider.name);
}

const moved = (url: string) => `${url} leads elsewhere, and no provider follows: give the URL that it leads to.`;

type Hint = (url: string, provider: string) => string;

const hints: ReadonlyMap<string, Hint> = new Map<string, Hint>([
  ['connection_refused', (url) => `Nothing listens at ${url}: start your app, or give --url.`],
  ['connection_failed', (url) => `There is no connection to ${url}: is it http where it says https?`],
  ['connection_reset', (url) => `The app at ${url} breaks the connection: look into its log.`],
  ['host_not_found', (url) => `There is no such host: ${url}. Is --url right?`],
  [
    'certificate_refused',
    (url) => `The certificate of ${url} is not trusted: set NODE_EXTRA_CA_CERTS to its authority.`,
  ],
  ['timeout', (_url, provider) => `The app did not answer while ${provider} waits; --timeout waits longer.`],
  [
    '401',
    (url, provider) => `Refused as not genuine: has the app the same secret, and is ${url} where it takes ${provider}?`,
  ],
  ['404', (url) => `The app has nothing at ${url}: is the path right?`],
  ['405', (url) => `The app takes no POST at ${url}: is the path right?`],
  ...[301, 302, 303, 307, 308].map((status) => [`${status}`, moved] as const),
  ...[204, 205, 304].map(
    (status) =>
      [
        `${status} sender_crashed`,
        () => `The sender of Grantex breaks on ${status}: answer 200 or another 2xx.`,
      ] as const,
  ),
]);
