import * as z from 'zod';
import { parseUrl } from './http/base-url.ts';
import { EndpointSecret } from './secret.ts';

/** An endpoint that has just been created: the only time that its secret is told. */
export type Created<E> = E & { readonly secret: EndpointSecret };

/** What of an endpoint can differ from what was asked for. */
export type EndpointChange = 'events' | 'isActive' | 'description';

/** What `ensure` has done. Only what it created has a secret. */
export type Ensured<E> =
  | { readonly action: 'created'; readonly endpoint: Created<E> }
  | { readonly action: 'updated'; readonly endpoint: E; readonly changed: readonly EndpointChange[] }
  | { readonly action: 'unchanged'; readonly endpoint: E };

/** The secret in the answer to a creation. */
export const secretSchema = z
  .string()
  .min(1)
  .transform((text) => new EndpointSecret(text));

/** Text that may be null or absent. */
export const optionalText = z
  .string()
  .nullish()
  .transform((text) => text ?? undefined);

/** The endpoints with a URL, newest first. */
export function withUrl<E extends { readonly url: string; readonly createdAt: string }>(
  endpoints: readonly E[],
  url: string,
): readonly E[] {
  const href = parseUrl(url)?.href;
  const age = ({ createdAt }: E) => Date.parse(createdAt) || 0;
  return endpoints.filter((endpoint) => parseUrl(endpoint.url)?.href === href).sort((a, b) => age(b) - age(a));
}

/** Whether two lists name the same events, in whatever order. */
export function sameEvents(left: readonly string[], right: readonly string[]): boolean {
  return new Set(left).size === new Set(right).size && right.every((event) => left.includes(event));
}
