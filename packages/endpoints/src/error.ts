/**
 * The stable code of an {@link EndpointError}. Most are answers of the provider; `timed_out` and `network_error` mean that
 * none came, `unexpected_response` that what came is none of its API, `aborted` that the caller's signal stopped the call,
 * and `cannot_update` that the provider has no way to change an endpoint.
 */
export type EndpointErrorCode =
  | 'unauthorized'
  | 'forbidden'
  | 'plan_limit_exceeded'
  | 'not_found'
  | 'conflict'
  | 'invalid_request'
  | 'rate_limited'
  | 'server_error'
  | 'timed_out'
  | 'network_error'
  | 'unexpected_response'
  | 'aborted'
  | 'cannot_update';

/** What an {@link EndpointError} tells beside its code and its message. */
export interface EndpointErrorDetails {
  /** What to do about it. */
  readonly fix: string;
  /** Requests that the call has sent, 0 if none. */
  readonly attempts: number;
  /** Status of the last answer. */
  readonly status?: number | undefined;
  /** The provider's own code, such as `BAD_REQUEST`. */
  readonly providerCode?: string | undefined;
  /** The provider's own words, cut to 500 characters and without control characters and credentials. */
  readonly providerMessage?: string | undefined;
  /** The provider's id of the request, for its support. */
  readonly requestId?: string | undefined;
  /** Milliseconds that the provider asks to wait. */
  readonly retryAfterMs?: number | undefined;
  /** Whether the endpoint that was to be created may exist now, without its secret; `false` by default. */
  readonly mayExist?: boolean | undefined;
  /** What the network or the caller's signal said. */
  readonly cause?: unknown;
}

/**
 * Why a call of a provider's API failed. `code` is stable, so a `switch` over it can be exhaustive; `message` says what
 * went wrong and ends with the fix. No token, cookie, API key or signing secret is ever in it.
 *
 * @example
 * ```ts
 * import { EndpointError, grantexEndpoints } from '@hookproof/endpoints';
 *
 * const endpoints = grantexEndpoints({ apiKey: process.env.GRANTEX_API_KEY ?? '' });
 * try {
 *   await endpoints.list();
 * } catch (error) {
 *   if (!(error instanceof EndpointError)) throw error;
 *   if (error.code === 'rate_limited') console.warn(`again in ${error.retryAfterMs ?? 60_000} ms`);
 *   else console.error(error.message, error.requestId);
 * }
 * ```
 */
export class EndpointError extends Error implements EndpointErrorDetails {
  override readonly name = 'EndpointError';
  readonly code: EndpointErrorCode;
  readonly fix: string;
  readonly attempts: number;
  readonly status: number | undefined;
  readonly providerCode: string | undefined;
  readonly providerMessage: string | undefined;
  readonly requestId: string | undefined;
  readonly retryAfterMs: number | undefined;
  readonly mayExist: boolean;

  constructor(code: EndpointErrorCode, problem: string, details: EndpointErrorDetails) {
    const { fix, cause } = details;
    super(`${problem} ${fix}`, cause === undefined ? undefined : { cause });
    this.code = code;
    this.fix = fix;
    this.attempts = details.attempts;
    this.status = details.status;
    this.providerCode = details.providerCode;
    this.providerMessage = details.providerMessage;
    this.requestId = details.requestId;
    this.retryAfterMs = details.retryAfterMs;
    this.mayExist = details.mayExist ?? false;
  }
}
