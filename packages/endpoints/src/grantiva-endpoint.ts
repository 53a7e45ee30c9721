/**
 * An event that an endpoint can subscribe to: those of Grantiva's webhook API, those of its dashboard, and any other name,
 * because the two lists differ.
 */
export type GrantivaEventName =
  | 'attestation.completed'
  | 'risk_threshold_exceeded'
  | 'device_blocked'
  | 'device.new'
  | 'device.high_risk'
  | 'device.attestation_failed'
  | 'attestation.anomaly'
  | (string & {});

/** A webhook endpoint at Grantiva. */
export interface GrantivaEndpoint {
  readonly id: string;
  readonly url: string;
  readonly events: readonly string[];
  /** Whether deliveries are sent to it. */
  readonly isActive: boolean;
  readonly description?: string | undefined;
  /** ISO 8601, as Grantiva sent it. */
  readonly createdAt: string;
  /** ISO 8601, as Grantiva sent it; undefined for one that was just created. */
  readonly updatedAt?: string | undefined;
}

/** What an endpoint at Grantiva is to be. */
export interface NewGrantivaEndpoint {
  /** An https URL. */
  readonly url: string;
  /** At least one. */
  readonly events: readonly GrantivaEventName[];
  readonly description?: string | undefined;
}

/** What to change of an endpoint at Grantiva; what is left out stays. */
export interface GrantivaEndpointUpdate {
  readonly isActive?: boolean | undefined;
  /** All events that it is to have, at least one. */
  readonly events?: readonly GrantivaEventName[] | undefined;
  readonly description?: string | undefined;
}
