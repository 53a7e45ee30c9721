import { invalid } from '../options.ts';

/** Where an API is. */
export interface BaseUrl {
  /** Origin and path prefix, without a slash at the end. */
  readonly prefix: string;
  readonly host: string;
  /** Whether it is this machine, such as a development server. */
  readonly loopback: boolean;
}

/** Checks where a credential is to be sent; throws `invalid_options`. The value is never shown: it may hold a password. */
export function checkBaseUrl(baseUrl: string | URL): BaseUrl {
  const url = parseUrl(baseUrl);
  if (url === undefined) {
    throw invalid('baseUrl is not a URL.', 'Give it whole, such as https://api.example.com; is its variable set?');
  }
  const loopback = isLoopback(url.hostname);
  if (url.protocol !== 'https:' && !(url.protocol === 'http:' && loopback)) {
    throw invalid('baseUrl is not https, so the credentials could be read on their way.', 'Give an https URL.');
  }
  if (url.username !== '' || url.password !== '') {
    throw invalid(
      'baseUrl has a user name or a password in it.',
      'Take them away: credentials have options of their own.',
    );
  }
  if (/[?#]/.test(url.href)) {
    throw invalid('baseUrl has a query or a fragment.', 'Take away what begins with ? or #.');
  }
  return { prefix: url.href.replace(/\/+$/, ''), host: url.host, loopback };
}

/** A URL, or undefined for what is none. */
export function parseUrl(value: unknown): URL | undefined {
  if (typeof value !== 'string' && !(value instanceof URL)) return undefined;
  return URL.canParse(value) ? new URL(value) : undefined;
}

// URL writes every form of an IPv4 address with four numbers.
function isLoopback(hostname: string): boolean {
  return hostname === 'localhost' || hostname === '[::1]' || /^127\.\d+\.\d+\.\d+$/.test(hostname);
}
