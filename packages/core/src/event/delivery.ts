import type { DeliveryHeaders } from '../bytes/headers.ts';

/** The delivery that brought an event. */
export interface Delivery {
  /** Headers by name in lower case. Only those that the scheme names are signed. */
  readonly headers: DeliveryHeaders;
  /** The raw bytes that were verified. */
  readonly body: Uint8Array;
  /** The provider's id of this delivery, the same on every retry; undefined where it sends none. Not signed. */
  readonly id: string | undefined;
}
