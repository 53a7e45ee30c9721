import type { DeliveryHeaders } from '../bytes/headers.ts';
import type { WebhookError } from '../error.ts';
import type { KeyRing } from '../proof/secret.ts';
import type { Awaitable } from '../timing/awaitable.ts';
import type { WebhookEvent } from './event.ts';

/** What is known of a delivery, for the report, however far it came. */
export interface Facts {
  headers?: DeliveryHeaders;
  body?: Uint8Array;
  keyRing?: Awaitable<KeyRing>;
  secretIndex?: number;
  event?: WebhookEvent | undefined;
  key?: string | undefined;
  inboxId?: string;
  /** What went wrong although the delivery was accepted. */
  trouble?: WebhookError | undefined;
}
