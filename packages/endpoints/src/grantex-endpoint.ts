import type { EventType, grantex } from '@hookproof/core';
import type { Created } from './endpoint.ts';
import type { EndpointError } from './error.ts';
import type { RetireOptions } from './retire.ts';

/** An event that an endpoint can subscribe to; any other name is passed on, for those to come. */
export type GrantexEventName = EventType<ReturnType<typeof grantex>> | (string & {});

/** A webhook endpoint at Grantex. */
export interface GrantexEndpoint {
  readonly id: string;
  readonly url: string;
  readonly events: readonly string[];
  /** ISO 8601, as Grantex sent it; after the creation some milliseconds other than in a list. */
  readonly createdAt: string;
}

/** What an endpoint at Grantex is to be. */
export interface NewGrantexEndpoint {
  /** An https URL; http only where `baseUrl` is on loopback, which is Grantex's development server. */
  readonly url: string;
  /** At least one. */
  readonly events: readonly GrantexEventName[];
}

/** What `ensure` is to have at Grantex. How to wait concerns what it replaces. */
export interface WantedGrantexEndpoint extends NewGrantexEndpoint, RetireOptions {
  /**
   * Whether an endpoint whose events differ is replaced by a new one, with a new secret, because Grantex cannot change
   * it; `false` by default: then `ensure` throws `cannot_update`.
   */
  readonly replace?: boolean | undefined;
  /**
   * Called with an endpoint as soon as it is created, and with the one that it replaces, if any. It is awaited before that
   * one is touched: give the receiver the secret here, beside the former one. What it throws ends the call, and both
   * endpoints stay.
   */
  readonly onCreated?:
    | ((endpoint: Created<GrantexEndpoint>, previous: GrantexEndpoint | undefined) => unknown)
    | undefined;
}

/** What `ensure` has done at Grantex. Only what it created has a secret. */
export type GrantexEnsured =
  | { readonly action: 'created'; readonly endpoint: Created<GrantexEndpoint> }
  | {
      readonly action: 'unchanged';
      readonly endpoint: GrantexEndpoint;
      /** Other endpoints with this URL, such as one that an earlier call could not delete. They were left alone. */
      readonly others: readonly GrantexEndpoint[];
    }
  | ({ readonly action: 'replaced'; readonly endpoint: Created<GrantexEndpoint> } & GrantexReplaced);

/** What became of the endpoint that `ensure` has replaced. It is returned and not thrown, so that the new secret is not lost. */
export interface GrantexReplaced {
  /** The endpoint that was there before; of several with this URL the newest. */
  readonly previous: GrantexEndpoint;
  /** Other endpoints with this URL, which were left alone. */
  readonly others: readonly GrantexEndpoint[];
  /**
   * Why `previous` is still there and gets deliveries too, until you `retire` it; undefined if it was deleted. `pending`:
   * not all that was queued for it was delivered in `waitMs`. `failed`: `deleteError` says why.
   */
  readonly kept: 'pending' | 'failed' | undefined;
  /** Deliveries to `previous` that were still waited for at the last look. */
  readonly pending: number;
  /** What went wrong while it waited or deleted, mostly an {@link EndpointError}. */
  readonly deleteError: Error | undefined;
}
