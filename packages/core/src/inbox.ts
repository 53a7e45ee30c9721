/**
 * What an inbox needs beside `@hookproof/core`: the types of what a receiver hands to it, and of what it hands back.
 *
 * @module
 */
export type { DeliveryHeaders } from './bytes/headers.ts';
export type { Accepted, Attempt, DeliveryError, InboxReceiver, NewDelivery, Settled } from './handling/inbox.ts';
