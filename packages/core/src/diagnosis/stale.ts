import type { DeliveryHeaders } from '../bytes/headers.ts';
import type { Provider } from '../provider.ts';
import type { Finding } from './causes.ts';
import { signatureIn } from './suspect.ts';

/** How far the time of a genuine delivery is from this server's clock. */
export function diagnoseStale(
  provider: Provider,
  headers: DeliveryHeaders,
  { at, toleranceSeconds }: { readonly at: number; readonly toleranceSeconds: number | undefined },
): Finding {
  const sent = signatureIn(headers, provider.signature);
  const signedAt = Number(sent?.timestamp) * 1000;
  const seconds = Math.round((at - signedAt) / 1000);
  return {
    cause: seconds > 0 ? 'timestamp_stale' : 'timestamp_future',
    evidence: {
      seconds: Math.abs(seconds),
      signedAt: isoTime(signedAt),
      serverClock: isoTime(at),
      toleranceSeconds: toleranceSeconds ?? sent?.scheme.toleranceSeconds ?? 'unknown',
    },
  };
}

function isoTime(milliseconds: number): string {
  const date = new Date(milliseconds);
  return Number.isNaN(date.getTime()) ? 'no time that a calendar has' : date.toISOString();
}
