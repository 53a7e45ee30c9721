import { printable } from '../printable.ts';
import type { Provider } from '../provider.ts';

/**
 * Whether a request looks like a delivery of a provider's. It is for adapters that must tell one from the app's own requests.
 *
 * @param has whether the request has a header, by its name in lower case
 * @returns true for a POST with a header in which the provider signs; nothing is proven by it
 */
export function isDelivery(provider: Provider, method: string | undefined, has: (header: string) => boolean): boolean {
  return method === 'POST' && provider.signature.some(({ headers }) => headers.some(has));
}

/**
 * Says on the console that a delivery was passed on, and that nothing answered it. It is for adapters, in development.
 *
 * @param path where the delivery went
 * @param places where the receiver answers, as the end of a sentence
 */
export function sayPassedOn({ name }: Provider, path: string, places: string): void {
  console.warn(
    'hookproof: %s: a delivery to %s was passed on, and nothing answered it: this receiver answers %s.\n  Fix: %s',
    name,
    printable(path),
    places,
    `Have ${name} deliver there, or put the receiver where it delivers.`,
  );
}
