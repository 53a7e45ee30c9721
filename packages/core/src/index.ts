/**
 * Receive webhooks and trust them: proven on their raw bytes, typed, and handed once to the right handler.
 *
 * @module
 */
import type { Provider } from './provider.ts';
import { grantex } from './providers/grantex.ts';
import { grantiva } from './providers/grantiva.ts';
import { gravv } from './providers/gravv.ts';
import { standardWebhooks } from './providers/standard-webhooks.ts';

export type { Diagnosis, DiagnosisCause } from './diagnosis/diagnosis.ts';
export { type RejectionCode, WebhookError, type WebhookErrorCode, type WorkErrorCode } from './error.ts';
export type { Delivery } from './event/delivery.ts';
export type {
  Declaring,
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
export type { BareEvent, EnvelopeFields, EnvelopePart, KeyFacts } from './event/format.ts';
export type { Claim, ClaimStore } from './handling/claims.ts';
export type { Handler, HandlerContext, Handlers } from './handling/handlers.ts';
export type {
  DeliveryCounts,
  DeliveryFilter,
  DeliverySelection,
  DeliveryState,
  DeliverySummary,
  Inbox,
  StoredDelivery,
  WorkOutcome,
} from './handling/inbox.ts';
export { memoryClaims } from './handling/memory-claims.ts';
export type { DeliveryInput, Outcome } from './handling/progress.ts';
export type { SharedOptions, WebhookOptions } from './options.ts';
export type { SignatureScheme } from './proof/scheme.ts';
export type { OwnedSecrets, Secret, SecretOption } from './proof/secret.ts';
export { type SignBodyOptions, signBody } from './proof/sign.ts';
export type { SecretFormat } from './proof/signer.ts';
export { defineProvider, type Provider, type ProviderDefinition } from './provider.ts';
export { type Grantex, type GrantexOptions, grantex } from './providers/grantex.ts';
export { type Grantiva, type GrantivaOptions, grantiva } from './providers/grantiva.ts';
export { type Gravv, gravv } from './providers/gravv.ts';
export { type StandardWebhooksOptions, standardWebhooks } from './providers/standard-webhooks.ts';
export { createReceiver, type Receiver, type ReceiverOptions } from './receiver.ts';
export type { OnOutcome, OutcomeReport, Wrap } from './report/outcome.ts';
export type { Reply } from './report/reply.ts';
export type { Awaitable } from './timing/awaitable.ts';
export {
  diagnoseDelivery,
  type VerifyDeliveryOptions,
  type VerifySignatureOptions,
  verifyDelivery,
  verifySignature,
} from './verify.ts';

/**
 * The factories of all built-in providers, by the provider's name: what the command line, the simulator and the tests know
 * is made of it. A bundle that does not use it holds only the providers that it uses.
 *
 * @example
 * ```ts
 * import { builtInProviders } from '@hookproof/core';
 *
 * for (const make of Object.values(builtInProviders)) console.log(make().name);
 * ```
 */
export const builtInProviders = {
  /** Device attestation. */
  grantiva,
  /** Delegated authorisation for agents. */
  grantex,
  /** Payments. */
  gravv,
  /** Whoever sends by the specification. */
  'standard-webhooks': standardWebhooks,
} as const satisfies Readonly<Record<string, () => Provider>>;
