/**
 * Why a delivery was not accepted, with the status of the reply: the one list of these codes. Never 304, on which
 * Grantex's sender crashes.
 */
export const rejections = {
  busy: 409,
  missing_signature: 401,
  malformed_signature: 401,
  signature_mismatch: 401,
  stale_delivery: 401,
  stale_event: 401,
  method_not_allowed: 405,
  body_timeout: 408,
  body_incomplete: 400,
  body_too_large: 413,
  unsupported_encoding: 415,
  invalid_body: 400,
  invalid_event: 422,
  body_consumed: 500,
  handler_failed: 500,
  handler_timeout: 503,
  secret_unavailable: 503,
  claims_unavailable: 503,
  inbox_unavailable: 503,
} as const;

/** Why a delivery was not accepted. */
export type RejectionCode = keyof typeof rejections;

/**
 * The stable code of a {@link WebhookError}: every rejection of the outcome table, `invalid_options` for a mistake in the
 * options that shows when a receiver or provider is made, and what else can go wrong with a stored delivery.
 */
export type WebhookErrorCode = RejectionCode | WorkErrorCode | 'invalid_options';

/**
 * What can go wrong with a stored delivery beside its handlers: no handler is there for its type (`no_handler`), the
 * process that worked on it died or lost touch with the store (`worker_lost`), another worker has it because this one was
 * silent for too long (`lease_lost`), or the transaction of `complete` was not committed (`not_committed`).
 */
export type WorkErrorCode = 'no_handler' | 'worker_lost' | 'lease_lost' | 'not_committed';

/**
 * What every copy of core marks its errors with. An app has two where versions differ, where one is bundled, or after a hot
 * reload, and an error of either has the `code`, `message` and `fix` that are written here. The mark says just that: it is
 * no proof of who threw it, because whatever runs in this process can set it; what comes over a wire, or is spread from an
 * error, has none.
 */
const brand = Symbol.for('hookproof.WebhookError');

/** The same for a {@link Refusal}. */
const refusalBrand = Symbol.for('hookproof.Refusal');

/**
 * The one error class of Hookproof. `code` is stable, so a `switch` over it can be exhaustive; `message` names the
 * option or header and the fix, and never holds a secret, a signature or a body. `instanceof` knows the errors of another
 * copy of core too.
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
  static {
    // Not declared, because a symbol that is a type's member would make the types of two copies differ.
    Object.defineProperty(WebhookError.prototype, brand, { value: true });
    Object.defineProperty(WebhookError, Symbol.hasInstance, { value: hasInstance });
  }

  override readonly name = 'WebhookError';
  readonly code: WebhookErrorCode;
  // Only declared, so that an error without a fix is not printed with `fix: undefined`.
  /** What to do about it, which is also how `message` ends; undefined where only a diagnosis can tell. */
  declare readonly fix: string | undefined;

  constructor(code: WebhookErrorCode, problem: string, options: { cause?: unknown; fix?: string } = {}) {
    const { fix, ...rest } = options;
    super(fix === undefined ? problem : `${problem} ${fix}`, rest);
    this.code = code;
    if (fix !== undefined) this.fix = fix;
  }
}

/** What `instanceof` asks. A class below this one knows its own by their prototype: the mark would make every error one. */
function hasInstance(this: unknown, value: unknown): boolean {
  return this === WebhookError ? isMarked(value, brand) : Function.prototype[Symbol.hasInstance].call(this, value);
}

function isMarked(value: unknown, mark: symbol): boolean {
  if (typeof value !== 'object' || value === null) return false;
  try {
    return Reflect.get(value, mark) === true && typeof Reflect.get(value, 'code') === 'string';
  } catch {
    // A proxy may refuse to be asked.
    return false;
  }
}

/**
 * A mistake in the options, found when something is made of them.
 *
 * @param problem names the option and says what it must be; a dot is added where it ends without one
 * @param fix a sentence of its own, where `problem` does not say it
 * @returns the error, to be thrown
 *
 * @example
 * ```ts
 * import { invalid } from '@hookproof/core/strict';
 *
 * export function checkLevel(level: unknown) {
 *   if (level !== 'info' && level !== 'debug') throw invalid("level must be 'info' or 'debug'");
 * }
 * ```
 */
export function invalid(problem: string, fix?: string): WebhookError {
  const sentence = /[.?]$/.test(problem) ? problem : `${problem}.`;
  return new WebhookError('invalid_options', sentence, fix === undefined ? {} : { fix });
}

/** What nothing on a delivery's way is known to throw. */
export function unexpected(thrown: unknown): WebhookError {
  return new WebhookError('handler_failed', 'Receiving failed unexpectedly.', {
    cause: thrown,
    fix: 'The cause of this error is what was thrown.',
  });
}

/** Whether a code is one that a delivery can be answered with. */
export function isRejection(code: string): code is RejectionCode {
  return Object.hasOwn(rejections, code);
}

/**
 * Why a delivery is refused, as data. An error is made of it for whoever wants to see one: its stack costs more than the
 * whole refusal, and a forger can have as many refusals as it likes.
 */
export class Refusal {
  static {
    Object.defineProperty(Refusal.prototype, refusalBrand, { value: true });
  }

  readonly code: RejectionCode;
  readonly #problem: () => string;
  readonly #fix: string | undefined;

  constructor(code: RejectionCode, problem: () => string, fix?: string) {
    this.code = code;
    this.#problem = problem;
    this.#fix = fix;
  }

  /** Whether any copy of core has made it. `instanceof` knows those of this copy, and is asked for every delivery. */
  static isRefusal(value: unknown): value is Refusal {
    return isMarked(value, refusalBrand);
  }

  toError(): WebhookError {
    return new WebhookError(this.code, this.#problem(), this.#fix === undefined ? {} : { fix: this.#fix });
  }
}
