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
export { type GrantexEndpoints, type GrantexEndpointsOptions, grantexEndpoints } from './grantex.ts';
export type {
  GrantexEndpoint,
  GrantexEnsured,
  GrantexEventName,
  GrantexReplaced,
  NewGrantexEndpoint,
  WantedGrantexEndpoint,
} from './grantex-endpoint.ts';
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
export type { Deliveries, DeliveryPage, PageChoice } from './pages.ts';
export type { GrantexRetired, RetireOptions } from './retire.ts';
export { EndpointSecret } from './secret.ts';
