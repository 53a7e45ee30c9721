import { invalid } from '../error.ts';
import { converted } from '../event/converted.ts';
import * as fields from '../event/fields.ts';
import { looseObject } from '../event/loose-object.ts';
import { checkNames } from '../option-names.ts';
import type { SignatureScheme } from '../proof/scheme.ts';
import { defineProvider, type Provider } from '../provider.ts';

const v2: SignatureScheme = {
  header: 'x-grantex-signature-v2',
  encoding: 'hex',
  prefix: 'sha256=',
  signs: '{timestamp}.{body}',
  timestamp: { header: 'x-grantex-timestamp' },
};

const v1: SignatureScheme = { header: 'x-grantex-signature', encoding: 'hex', prefix: 'sha256=' };

const signatures = { auto: [v2, v1], v1: [v1], v2: [v2] } as const;
// A receiver that is told to take one of them can still say that the other came.
const notAccepted = { auto: [], v1: [v2], v2: [v1] } as const;

/** Options of {@link grantex}. */
export interface GrantexOptions {
  /**
   * Which signature to demand.
   *
   * - `v2`: only `X-Grantex-Signature-V2`, which covers a timestamp, so that a captured delivery cannot be replayed
   *   after five minutes.
   * - `v1`: only the legacy `X-Grantex-Signature`. It never expires.
   * - `auto` (default): V2 whenever either V2 header is present, legacy otherwise. Someone who captured a delivery can
   *   strip the V2 headers and replay it with the legacy signature at any time: only deduplication stands against
   *   that. Choose `v2` as soon as all your deliveries carry it.
   */
  readonly signature?: 'auto' | 'v1' | 'v2' | undefined;
}

const trueOrFalse = converted<boolean, boolean>('true or false', (value) =>
  typeof value === 'boolean' ? value : undefined,
);
const textOrNull = converted<string | null, string | null>('text or null', (value) =>
  value === null || typeof value === 'string' ? value : undefined,
);
const numberOrNull = converted<number | null, number | null>('a number or null', (value) =>
  value === null || (typeof value === 'number' && Number.isFinite(value)) ? value : undefined,
);

/** One issue at most: z.array collects one for each wrong item, and a body has room for half a million. */
const scopes = converted<readonly string[], string[]>('a list of strings', (value) =>
  isTexts(value) ? value : undefined,
);

function isTexts(value: unknown): value is string[] {
  return Array.isArray(value) && value.every((item) => typeof item === 'string');
}

const grant = { grantId: fields.string(), agentId: fields.string(), principalId: fields.string(), scopes };

const events = {
  'grant.created': looseObject({
    ...grant,
    expiresAt: fields.string(),
    // Only delegated grants have these.
    parentGrantId: fields.optional(textOrNull),
    delegationDepth: fields.optional(numberOrNull),
  }),
  'grant.revoked': looseObject({ grantId: fields.string(), cascade: trueOrFalse }),
  'token.issued': looseObject({ tokenId: fields.string(), ...grant, expiresAt: fields.string() }),
};

/** The provider that {@link grantex} makes, by a name with which an app can export it without naming zod. */
export interface Grantex extends Provider<'grantex', typeof events> {}

/**
 * Grantex, delegated authorisation for agents. Events and signatures are those of its webhook documentation and of
 * captured deliveries.
 *
 * @throws WebhookError `invalid_options` for an unknown `signature`
 *
 * @example
 * ```ts
 * import { createReceiver, grantex } from '@hookproof/core';
 *
 * export const receiver = createReceiver({
 *   provider: grantex({ signature: 'v2' }),
 *   secret: process.env.GRANTEX_SECRET ?? '',
 *   on: { 'grant.*': (event) => console.log(event.type, event.data.grantId) },
 * });
 * ```
 */
export function grantex(options: GrantexOptions = {}): Grantex {
  const { signature: wanted = 'auto' } = checkNames('grantex', options, { signature: true });
  if (wanted !== 'auto' && wanted !== 'v1' && wanted !== 'v2') {
    throw invalid(`grantex: signature must be 'auto', 'v1' or 'v2'`);
  }
  return defineProvider({
    name: 'grantex',
    signature: signatures[wanted],
    notAccepted: notAccepted[wanted],
    // Theirs are longer by far: this is what somebody typed.
    secret: { encoding: 'utf8', minBytes: 16 },
    envelope: { id: 'id', type: 'type', timestamp: 'createdAt', data: 'data' },
    timeoutMs: 10_000,
    events,
  });
}
