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

/** What to look at for each way in which it failed, where nothing was delivered, and nothing was made to fail. */
export function hintsOf({ provider, summary, url, options }: Missed): readonly string[] {
  if (summary.delivered > 0) return [];
  const { tamper, wrongSecret, withoutSignature, signedAgo, cutBody } = options;
  const isFaulty = [tamper, wrongSecret, withoutSignature, signedAgo, cutBody].some((fault) => fault !== undefined);
  if (isFaulty && options.faultyAttempts !== undefined && options.retries !== 'none') {
    return [`Nothing was tried again: ${provider.name} is not known to do so.`];
  }
  if (isFaulty) return [];
  const at = printable(url);
  return summary.results.flatMap(([result]) => hintOf(result)?.(at, provider.name) ?? []);
}

/** What to look at for a status, or for an error that left none. */
function hintOf(result: string): Hint | undefined {
  const known = hints.get(result);
  if (known !== undefined) return known;
  if (/^5\d\d$/.test(result)) return (url) => `The app at ${url} failed with ${result}: its log has the error.`;
  if (/^[34]\d\d$/.test(result)) return (url) => `${url} answers ${result}: the app's log may say why.`;
  return undefined;
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
  [
    '400',
    (url) =>
      `${url} takes the body for no JSON, or the request for malformed: give JSON in UTF-8, and look for a proxy or a middleware that changes it.`,
  ],
  [
    '403',
    (url) =>
      `Something before the receiver refuses: let ${url} pass without login, CSRF protection and lists of addresses. The signature is the proof.`,
  ],
  ['404', (url) => `The app has nothing at ${url}: is the path right?`],
  ['405', (url) => `The app takes no POST at ${url}: is the path right?`],
  ['408', () => 'The body did not arrive in time: is a proxy slow, or bodyTimeoutMs of the receiver short?'],
  [
    '409',
    () => 'The same event is being handled right now: has a handler not come to its end? The provider tries again.',
  ],
  [
    '413',
    () =>
      'The body is larger than the app takes: look at maxBodyBytes of the receiver, and at the limit of a proxy (nginx: client_max_body_size).',
  ],
  [
    '415',
    () =>
      'The app takes no such content: let the path pass every Content-Type; of Content-Encoding a receiver takes identity alone.',
  ],
  [
    '422',
    (_url, provider) =>
      `The event does not fit what ${provider} sends: onOutcome of the receiver names the fields. Compare --data or --file with a sample.`,
  ],
  [
    '429',
    (url) =>
      `Too many requests for ${url}: take it out of the rate limit, or send fewer with --rate and --concurrency.`,
  ],
  [
    '500',
    () =>
      'The app failed: its log has the error of the handler (handler_failed), or says what took the body before the receiver (body_consumed).',
  ],
  ...[502, 504].map(
    (status) =>
      [
        `${status}`,
        (url: string) => `A proxy before ${url} has no answer from the app: does it run, and in time?`,
      ] as const,
  ),
  [
    '503',
    () =>
      'The app cannot take it now: a handler took too long (handler_timeout), its inbox is out of reach (inbox_unavailable), or it is starting.',
  ],
  ...[301, 302, 303, 307, 308].map((status) => [`${status}`, moved] as const),
  ...[204, 205, 304].map(
    (status) =>
      [
        `${status} sender_crashed`,
        () => `The sender of Grantex breaks on ${status}: answer 200 or another 2xx.`,
      ] as const,
  ),
]);
