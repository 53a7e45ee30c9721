import { printable } from '../printable.ts';
import type { Provider } from '../provider.ts';

/** Whether a request looks like a delivery of a provider's: a POST with a header in which it signs. */
export function isDelivery(provider: Provider, method: string | undefined, has: (header: string) => boolean): boolean {
  return method === 'POST' && provider.signature.some(({ headers }) => headers.some(has));
}

/** Says that a delivery was passed on, and that nothing answered it. Whatever is from outside stands in no format. */
export function sayPassedOn({ name }: Provider, path: string, places: string): void {
  console.warn(
    'hookproof: %s: a delivery to %s was passed on, and nothing answered it: this receiver answers %s.\n  Fix: %s',
    name,
    printable(path),
    places,
    `Have ${name} deliver there, or put the receiver where it delivers.`,
  );
}
