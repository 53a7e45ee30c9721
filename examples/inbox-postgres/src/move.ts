import { createReceiver, type DeliveryFilter, type Inbox, type Provider } from '@hookproof/core';

/** A receiver whose deliveries are moved. */
export interface Moved {
  readonly name: string;
  readonly provider: Provider;
  readonly secret: string;
}

/**
 * Copies all deliveries of one inbox into another, of whatever engines, with their keys: what was handled counts as
 * handled there too, and what was not waits. Nothing may work on either of them meanwhile.
 *
 * @param from made with `work: false`
 * @param to made with `work: false`, with nothing in it that waits
 * @param receivers every receiver that stored something in `from`
 */
export async function moveDeliveries(from: Inbox, to: Inbox, receivers: readonly Moved[]): Promise<void> {
  async function copy(filter: DeliveryFilter): Promise<void> {
    for await (const { id } of from.list(filter)) {
      const delivery = await from.get(id);
      if (delivery === undefined) continue;
      const { name, owner, key, type, lane, headers, body } = delivery;
      await to.accept({ name, owner, key, type, lane, headers, body });
    }
  }

  const { waiting, working } = await to.counts();
  if (waiting + working > 0) throw new Error('Something waits in the new inbox already: discard that first.');
  await copy({ state: 'handled' });
  // These were handled, so here the handlers do nothing.
  for (const { name, provider, secret } of receivers) {
    createReceiver({ receiverName: name, provider, secret, inbox: to, on: { '*': () => undefined } });
  }
  while ((await to.drain({ maxMs: 60_000 })).handled > 0);
  const left = await to.counts();
  if (left.waiting + left.dead > 0) throw new Error('A receiver is missing, or reads its deliveries differently.');
  await copy({});
}
