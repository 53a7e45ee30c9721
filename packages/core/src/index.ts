/**
 * Receive webhooks and trust them: proven on their raw bytes, typed, and handed once to the right handler.
 *
 * @module
 */
export type { BodyInput, BodyLimits, BodyReader } from './body.ts';
export { type Claim, type ClaimStore, memoryClaims } from './claims.ts';
export type { Awaitable, HashAlgorithm } from './crypto.ts';
export type { Diagnosis, DiagnosisCause } from './diagnosis.ts';
export { WebhookError, type WebhookErrorCode, type WorkErrorCode } from './error.ts';
export type {
  EventFor,
  EventInput,
  EventOf,
  EventSchemas,
  EventType,
  JsonObject,
  Pattern,
  UnknownEvent,
  UnknownType,
  WebhookEvent,
} from './event.ts';
export type { Delivery, Handler, HandlerContext, Handlers } from './handlers.ts';
export type { DeliveryHeaders, HeadersInput } from './headers.ts';
export type {
  Accepted,
  Attempt,
  DeliveryCounts,
  DeliveryError,
  DeliveryFilter,
  DeliveryState,
  DeliverySummary,
  Inbox,
  InboxReceiver,
  NewDelivery,
  Settled,
  StoredDelivery,
} from './inbox.ts';
export type { HandlerRequest, Limits, WebhookOptions } from './options.ts';
export type { Around, OnOutcome, OutcomeReport, WaitUntil, WorkOutcome } from './outcome.ts';
export {
  type BareEvent,
  defineProvider,
  type EnvelopeFields,
  type KeyFacts,
  type Provider,
  type ProviderDefinition,
} from './provider.ts';
export { type GrantexOptions, grantex } from './providers/grantex.ts';
export { type GrantivaOptions, grantiva } from './providers/grantiva.ts';
export { gravv } from './providers/gravv.ts';
export { type StandardWebhooksOptions, standardWebhooks } from './providers/standard-webhooks.ts';
export { createReceiver, type DeliveryInput, type Receiver, type ReceiverOptions } from './receiver.ts';
export type { AcceptedCode, Outcome, RejectionCode, Reply, ReplyStatus } from './reply.ts';
export type { SignatureScheme } from './scheme.ts';
export type { Secret, SecretFormat, SecretOption } from './secret.ts';
export { type SignBodyOptions, signBody } from './sign.ts';
export { type NodeStream, nodeStreamReader, requestBody } from './stream.ts';
export {
  diagnoseDelivery,
  type VerifyDeliveryOptions,
  type VerifySignatureOptions,
  verifyDelivery,
  verifySignature,
} from './verify.ts';
