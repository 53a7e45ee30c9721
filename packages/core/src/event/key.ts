import { encode } from '../bytes/encoding.ts';
import { sha256Hex } from '../proof/crypto.ts';
import type { Awaitable } from '../timing/awaitable.ts';
import type { Delivery } from './delivery.ts';
import type { WebhookEvent } from './event.ts';
import type { EventFormat } from './format.ts';

const maxKeyLength = 256;

/** What makes two deliveries the same event, bounded in length; undefined where nothing tells. */
export async function readKey(
  provider: EventFormat,
  event: WebhookEvent,
  delivery: Delivery,
): Promise<string | undefined> {
  const key = await provider.key({
    event,
    deliveryId: delivery.id,
    bodyHash: () => sha256Hex(delivery.body),
  });
  if (key === undefined || key === '') return undefined;
  return boundedKey(key);
}

/**
 * A text that came from outside, or its hash where it is longer than a store should index, or holds what some databases
 * refuse or change: NUL, and halves of surrogate pairs, which as UTF-8 would all be the same.
 */
export function boundedKey(key: string): Awaitable<string> {
  if (!/\0|\p{Surrogate}/u.test(key)) return key.length <= maxKeyLength ? key : sha256Hex(encode(key));
  return sha256Hex(encode(JSON.stringify(key)));
}
