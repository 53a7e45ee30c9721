/**
 * What an inbox needs: the types of what a receiver hands to it and of what it hands back, and the error that it throws where
 * a delivery could not be stored or worked on.
 *
 * @module
 */
export type { DeliveryHeaders } from './bytes/headers.ts';
export { WebhookError } from './error.ts';
export type { Accepted, Attempt, DeliveryError, InboxReceiver, NewDelivery, Settled } from './handling/inbox.ts';
