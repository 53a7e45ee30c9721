/**
 * Manage webhook endpoints at Grantiva and Grantex: typed clients on `fetch`, for every runtime that has one.
 *
 * @module
 */
export type {
  GrantexDeliveries,
  GrantexDelivery,
  GrantexDeliveryFilter,
  GrantexDeliveryPage,
  GrantexDeliveryStatus,
} from './deliveries.ts';
export type { Created, EndpointChange, Ensured } from './endpoint.ts';
export { EndpointError, type EndpointErrorCode, type EndpointErrorDetails } from './error.ts';
export {
  type GrantexEndpoint,
  type GrantexEndpoints,
  type GrantexEndpointsOptions,
  type GrantexEnsured,
  type GrantexEventName,
  grantexEndpoints,
  type NewGrantexEndpoint,
  type WantedGrantexEndpoint,
} from './grantex.ts';
export {
  type GrantivaConnection,
  type GrantivaEndpoint,
  type GrantivaEndpoints,
  type GrantivaEndpointsOptions,
  type GrantivaEndpointUpdate,
  type GrantivaEventName,
  grantivaEndpoints,
  type NewGrantivaEndpoint,
} from './grantiva.ts';
export type {
  CallOptions,
  ClientOptions,
  Fetch,
  FetchBody,
  FetchHeaders,
  FetchInit,
  FetchReader,
  FetchResponse,
} from './options.ts';
export { EndpointSecret } from './secret.ts';
