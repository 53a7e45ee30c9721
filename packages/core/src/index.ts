/**
 * Receive webhooks and trust them: proven on their raw bytes, typed, and handed once to the right handler.
 *
 * @module
 */
export type { BodyInput, BodyLimits, BodyReader } from './bytes/body.ts';
export type { DeliveryHeaders, HeadersInput } from './bytes/headers.ts';
export { type NodeStream, nodeStreamReader, requestBody } from './bytes/stream.ts';
export type { Diagnosis, DiagnosisCause } from './diagnosis/diagnosis.ts';
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
} from './event/event.ts';
export { type Claim, type ClaimStore, memoryClaims } from './handling/claims.ts';
export type { Delivery, Handler, HandlerContext, Handlers } from './handling/handlers.ts';
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
} from './handling/inbox.ts';
export type { HandlerRequest, Limits, WebhookOptions } from './options.ts';
export type { Awaitable, HashAlgorithm } from './proof/crypto.ts';
export type { SignatureScheme } from './proof/scheme.ts';
export type { Secret, SecretFormat, SecretOption } from './proof/secret.ts';
export { type SignBodyOptions, signBody } from './proof/sign.ts';
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
export type { Around, OnOutcome, OutcomeReport, WaitUntil, WorkOutcome } from './report/outcome.ts';
export type { AcceptedCode, Outcome, RejectionCode, Reply, ReplyStatus } from './report/reply.ts';
export {
  diagnoseDelivery,
  type VerifyDeliveryOptions,
  type VerifySignatureOptions,
  verifyDelivery,
  verifySignature,
} from './verify.ts';
