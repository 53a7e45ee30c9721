/**
 * What an inbox needs: the way of a receiver that has one, the types of what that hands to it and gets back, and the error
 * that it throws where a delivery could not be stored or worked on. And what whoever looks into one needs: the key of an event.
 *
 * @module
 */
export type { DeliveryHeaders } from './bytes/headers.ts';
export { isProduction } from './development.ts';
export { WebhookError } from './error.ts';
export { storedKey } from './event/key.ts';
export type {
  Accepted,
  Attempt,
  DeliveryError,
  InboxReceiver,
  InboxWay,
  NewDelivery,
  ReceiverSide,
  Settled,
  TakenAttempt,
} from './handling/inbox.ts';
export { inboxWay } from './handling/inbox-way.ts';
export { inTime } from './timing/in-time.ts';
