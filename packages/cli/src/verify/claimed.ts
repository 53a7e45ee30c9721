import type { Provider } from '@hookproof/core';
import { type Header, headerOf } from './captures/request.ts';

/** What a request says of its own signature; a verdict tells whether it is true. */
export interface Claimed {
  /** The header that carries the signature by which the provider's receiver judges. */
  readonly header: string;
  /** When it was signed, in milliseconds since 1970; undefined where the signature covers no time, or it is not written so. */
  readonly signedAt: number | undefined;
}

/** The signature by which a receiver judges: of the first scheme of which any header is there. */
export function claimedIn(headers: readonly Header[], provider: Provider): Claimed | undefined {
  for (const { headers: names, timestamp, id, separator } of provider.signature) {
    const related = [...names, ...(timestamp?.headers ?? []), ...(id?.headers ?? [])];
    if (headerOf(headers, ...related) === undefined) continue;
    const header = names.find((name) => headerOf(headers, name) !== undefined);
    const value = timestamp && headerOf(headers, ...timestamp.headers);
    const entries = separator === undefined ? [value] : value?.split(separator);
    const entry = entries?.find((one) => one?.startsWith(timestamp?.prefix ?? ''));
    const seconds = entry?.slice(timestamp?.prefix.length);
    const isTime = seconds !== undefined && /^\d{1,12}$/.test(seconds);
    return header === undefined ? undefined : { header, signedAt: isTime ? Number(seconds) * 1000 : undefined };
  }
  return undefined;
}
