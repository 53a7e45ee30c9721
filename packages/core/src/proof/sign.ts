import { toBytes } from '../bytes/body.ts';
import { checkNames } from '../option-names.ts';
import type { Secret } from './secret.ts';
import { signatureHeaders } from './signature.ts';
import type { Signer } from './signer.ts';
import { secretsFrom } from './signing-secrets.ts';

/** What {@link signBody} signs. */
export interface SignBodyOptions {
  /** The raw bytes to send; a string stands for its UTF-8 bytes. */
  readonly body: Uint8Array | string;
  readonly secret: Secret;
  /** The event's id, for schemes that sign one. */
  readonly id: string;
  /** Seconds since 1970, for schemes that sign a time. */
  readonly timestamp: number;
}

/**
 * Signs a body as a provider would, with each of its schemes. It is meant for tests and simulators:
 * `@hookproof/testing` builds whole deliveries with it.
 *
 * @returns the signature headers, by name in lower case
 * @throws WebhookError `invalid_options` for an unusable secret
 *
 * @example
 * ```ts
 * import { grantex, signBody } from '@hookproof/core';
 *
 * export const headers = signBody(grantex(), {
 *   body: '{"id":"evt_1","type":"grant.revoked","data":{"grantId":"grnt_1","cascade":true}}',
 *   secret: 'a secret for tests',
 *   id: 'evt_1',
 *   timestamp: 1_795_216_193,
 * });
 * ```
 */
export async function signBody(provider: Signer, options: SignBodyOptions): Promise<Record<string, string>> {
  const given = checkNames('signBody', options, { body: true, secret: true, id: true, timestamp: true });
  const { prepared } = await secretsFrom(given.secret, provider)(undefined);
  const signed = { body: toBytes(given.body), id: given.id, timestamp: String(given.timestamp) };
  const headers: Record<string, string> = {};
  for (const scheme of provider.signature) {
    for (const secret of prepared) {
      const hmac = await secret.hmac(scheme.algorithm);
      Object.assign(headers, Object.fromEntries(await signatureHeaders(scheme, hmac, signed)));
    }
  }
  return headers;
}
