import { encode, sha256Hex } from './crypto.ts';
import type { WebhookEvent } from './event.ts';
import type { Delivery } from './handlers.ts';
import type { Provider } from './provider.ts';

const maxKeyLength = 256;

/** What makes two deliveries the same event, bounded in length; undefined where nothing tells. */
export async function readKey(
  provider: Provider,
  event: WebhookEvent,
  delivery: Delivery,
): Promise<string | undefined> {
  const key = await provider.key({
    event,
    deliveryId: delivery.id,
    bodyHash: () => sha256Hex(delivery.body),
  });
  if (key === undefined || key === '') return undefined;
  return key.length <= maxKeyLength ? key : sha256Hex(encode(key));
}
