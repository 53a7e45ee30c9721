import * as z from 'zod';
import type { Api } from './api.ts';

const text = z.string().optional().catch(undefined);
const inner = z.object({ message: text, reason: text, code: text }).optional().catch(undefined);

// Grantex sends message, code and requestId. Grantiva's errors are undocumented: these are the usual forms.
const ErrorBody = z.object({
  message: text,
  reason: text,
  code: text,
  requestId: text,
  error: z.union([z.string(), inner]).catch(undefined),
});

/** What the provider says about an error, as far as it can be read, fit to be shown. */
export function providerWords(body: string | undefined, api: Api) {
  const parsed = ErrorBody.safeParse(parseJson(body ?? ''));
  if (!parsed.success) return {};
  const { error, ...outer } = parsed.data;
  const nested = typeof error === 'string' ? { message: error } : error;
  return {
    providerCode: shown(outer.code ?? nested?.code, 100, api),
    providerMessage: shown(outer.message ?? outer.reason ?? nested?.message ?? nested?.reason, 500, api),
    requestId: shown(outer.requestId, 100, api),
  };
}

/** JSON of a text; undefined where it is none. */
export function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** A text from outside without what a terminal obeys and without the credential, cut to `max` characters. */
function shown(text: string | undefined, max: number, { credential }: Api): string | undefined {
  // Only then cut, or a part of the credential would stay at the end.
  const clean = credential.redact((text ?? '').replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}]/gu, ' ')).trim();
  return clean === '' ? undefined : [...clean].slice(0, max).join('');
}

/** What the network said, copied: an error of a fetch of the user's may carry the request and so the credential. */
export function networkCause(thrown: unknown, api: Api, depth = 0): NetworkCause | undefined {
  if (!(thrown instanceof Error) || depth > 4) return undefined;
  const cause = networkCause(thrown.cause, api, depth + 1);
  const copy: NetworkCause = new Error(shown(thrown.message, 500, api), cause && { cause });
  copy.name = shown(thrown.name, 100, api) ?? 'Error';
  const code = 'code' in thrown && typeof thrown.code === 'string' ? shown(thrown.code, 100, api) : cause?.code;
  if (code !== undefined) copy.code = code;
  return copy;
}

/** An error of the network's, with the code that it or its cause has, such as ECONNREFUSED. */
type NetworkCause = Error & { code?: string };
