import type { RejectionCode } from './reply.ts';

/**
 * The stable code of a {@link WebhookError}: every rejection of the outcome table, and `invalid_options` for a
 * mistake in the options that shows when a receiver or provider is made.
 */
export type WebhookErrorCode = RejectionCode | 'invalid_options';

/**
 * The one error class of Hookproof. `code` is stable, so a `switch` over it can be exhaustive; `message` names the
 * option or header and the fix, and never holds a secret, a signature or a body.
 *
 * @example
 * ```ts
 * import { grantex, verifyDelivery, WebhookError } from '@hookproof/core';
 *
 * export async function read(request: Request, secret: string) {
 *   try {
 *     const body = new Uint8Array(await request.arrayBuffer());
 *     return await verifyDelivery(grantex(), { headers: request.headers, body, secret });
 *   } catch (error) {
 *     if (error instanceof WebhookError && error.code === 'stale_delivery') console.warn(error.message);
 *     return undefined;
 *   }
 * }
 * ```
 */
export class WebhookError extends Error {
  override readonly name = 'WebhookError';
  readonly code: WebhookErrorCode;
  /** What to do about it, which is also how `message` ends; undefined where only a diagnosis can tell. */
  readonly fix: string | undefined;

  constructor(code: WebhookErrorCode, problem: string, options: { cause?: unknown; fix?: string } = {}) {
    const { fix, ...rest } = options;
    super(fix === undefined ? problem : `${problem} ${fix}`, rest);
    this.code = code;
    this.fix = fix;
  }
}
