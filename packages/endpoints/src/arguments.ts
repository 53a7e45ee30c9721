import { parseUrl } from './http/base-url.ts';
import { invalid } from './options.ts';

/** The path segment of an id; throws `invalid_options` for one that could lead elsewhere, such as `../x`. */
export function checkId(id: unknown): string {
  return checkIdOf('id', 'an endpoint', 'list()', id);
}

/** The same of anything that a provider has ids for. */
export function checkIdOf(argument: string, what: string, from: string, id: unknown): string {
  if (typeof id === 'string' && /^[A-Za-z0-9_~-][A-Za-z0-9._~-]{0,199}$/.test(id)) return id;
  throw invalid(
    `${argument} is not an id of ${what}.`,
    `Take it from ${from}: letters, digits, dots, dashes and underscores.`,
  );
}

/**
 * The URL of an endpoint as it was given; throws `invalid_options` where the provider would refuse it.
 *
 * @param httpToo whether the provider takes http beside https
 */
export function checkEndpointUrl(url: unknown, httpToo: boolean): string {
  const parsed = typeof url === 'string' && !/[\s\p{Cc}]/u.test(url) ? parseUrl(url) : undefined;
  if (typeof url !== 'string' || parsed === undefined) {
    throw invalid('url is not a URL.', 'Give the whole address of the endpoint, such as https://example.com/webhooks.');
  }
  if (parsed.protocol === 'https:' || (parsed.protocol === 'http:' && httpToo)) return url;
  throw invalid('url is not https.', 'Give an https URL; a tunnel gives a local server one.');
}

/** Names of events, each once; throws `invalid_options`. */
export function checkEvents(events: unknown): readonly string[] {
  if (!Array.isArray(events) || events.length === 0) {
    throw invalid('events is not a list of at least one event.', "Give the names to subscribe to: events: ['…'].");
  }
  const named = events.every((event: unknown) => typeof event === 'string' && event.trim() !== '');
  if (!named) throw invalid('events has an entry that is not the name of an event.', 'Give texts that are not empty.');
  return [...new Set<string>(events)];
}

/** A label; throws `invalid_options`. */
export function checkDescription(description: unknown): string | undefined {
  if (description === undefined || typeof description === 'string') return description;
  throw invalid('description is not text.', 'Give a label for people to read, or leave it out.');
}
