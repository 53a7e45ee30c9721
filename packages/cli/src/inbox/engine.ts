import { type Inbox, WebhookError } from '@hookproof/core';
import { usage } from '../failure.ts';

/** What a command does to the store. */
export type Access = 'look' | 'change';

/** An inbox that is open, and what lets go of it and of its connection. */
export interface OpenInbox {
  readonly inbox: Inbox;
  readonly close: () => Promise<void>;
}

/** What an inbox is told that handles nothing. */
export const quiet = {
  work: false,
  // What fails here fails a call. How durable the store is, which is told here too, the app has told.
  onError: () => undefined,
} as const;

/** Makes an inbox of options from the command line; what it does not take is a mistake there. */
export function made(make: () => Inbox): Inbox {
  try {
    return make();
  } catch (error) {
    throw error instanceof WebhookError ? usage(error.message) : error;
  }
}
