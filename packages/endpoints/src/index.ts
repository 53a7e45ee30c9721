/**
 * Manage webhook endpoints at Grantiva and Grantex, read the delivery logs of Grantiva, Grantex and Gravv, and compare them with
 * an inbox: typed clients on `fetch`, for every runtime that has one.
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
  type GrantivaEndpoints,
  type GrantivaEndpointsOptions,
  grantivaEndpoints,
} from './grantiva.ts';
export type { GrantivaDelivery, GrantivaDeliveryStatus, GrantivaTest } from './grantiva-deliveries.ts';
export type {
  GrantivaEndpoint,
  GrantivaEndpointUpdate,
  GrantivaEventName,
  NewGrantivaEndpoint,
} from './grantiva-endpoint.ts';
export {
  type GravvDeliveries,
  type GravvDeliveriesOptions,
  type GravvHistoryFilter,
  gravvDeliveries,
} from './gravv.ts';
export type { GravvCall, GravvDelivery, GravvDeliveryStatus, GravvEvent, GravvSent } from './gravv-answers.ts';
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
export type { TakingReceiver } from './reconcile/bring.ts';
export type { DeliveryLog, LoggedContent, LoggedDelivery, LogPage, LogWindow } from './reconcile/log.ts';
export { grantexLog, grantivaLog, gravvLog } from './reconcile/logs.ts';
export type { SearchedInbox } from './reconcile/lookup.ts';
export type { ReconcileCursor, ReconcileOptions } from './reconcile/options.ts';
export { type MissingDelivery, type ReconciledPage, reconcile } from './reconcile/reconcile.ts';
export type { GrantexRetired, RetireOptions } from './retire.ts';
export { EndpointSecret } from './secret.ts';
