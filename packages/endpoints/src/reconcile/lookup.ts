import type { Inbox } from '@hookproof/core';
import { storedKey } from '@hookproof/core/inbox';
import type { LoggedDelivery } from './log.ts';

/** What is used of an inbox to look for deliveries. */
export type SearchedInbox = Pick<Inbox, 'known' | 'list' | 'get'>;

/** Where deliveries are looked for. */
export interface Searched {
  readonly inbox: SearchedInbox;
  /** What the inbox knows the receiver by. */
  readonly name: string;
  readonly owner: string | undefined;
  /** See `DeliveryLog`. */
  readonly idHeader: string | undefined;
  readonly since: Date;
}

/** Finds those deliveries that an inbox does not know; `hashes` are of the bodies of those whose events have no id. */
export type FindAbsent = (
  deliveries: readonly LoggedDelivery[],
  hashes?: ReadonlyMap<LoggedDelivery, string>,
) => Promise<readonly LoggedDelivery[]>;

/** Clocks of providers and of this machine differ by less, and no delivery is stored before it was made. */
const clockMs = 60 * 60_000;

/** What was stored since the last look, and a little more, because what is stored at one time becomes visible at another. */
const overlapMs = 60_000;

/** Deliveries whose headers are read at once. */
const atOnce = 20;

/** Makes a way to look for deliveries: by the event's id, or the one in the log, and then by a header. */
export function lookup({ inbox, name, owner, idHeader, since }: Searched): FindAbsent {
  // Ids alone: a few hundred bytes for each delivery that the inbox has stored since.
  const ids = new Set<string>();
  /** Those of the last look, of which the next one sees a part again. */
  let looked = new Set<string>();
  let from = new Date(since.getTime() - clockMs);

  async function readHeaders(header: string): Promise<void> {
    const begun = Date.now();
    const looking = new Set<string>();
    let some: string[] = [];
    const read = async () => {
      for (const delivery of await Promise.all(some.map((id) => inbox.get(id)))) {
        const id = delivery?.owner === owner || owner === undefined ? delivery?.headers.get(header) : undefined;
        if (id !== undefined) ids.add(id);
      }
      some = [];
    };
    for await (const { id } of inbox.list({ name, receivedFrom: from })) {
      looking.add(id);
      if (!looked.has(id)) some.push(id);
      if (some.length === atOnce) await read();
    }
    await read();
    looked = looking;
    from = new Date(begun - overlapMs);
  }

  return async (deliveries, hashes) => {
    if (deliveries.length === 0) return [];
    const idOf = (delivery: LoggedDelivery) => delivery.eventId ?? hashes?.get(delivery) ?? delivery.id;
    const keys = await Promise.all(deliveries.map((delivery) => storedKey(owner, idOf(delivery))));
    const known = await inbox.known(name, keys);
    const absent = deliveries.filter((_, index) => !known.has(keys[index] ?? ''));
    if (idHeader === undefined || absent.every(({ id }) => ids.has(id))) return absent.filter(({ id }) => !ids.has(id));
    await readHeaders(idHeader);
    return absent.filter(({ id }) => !ids.has(id));
  };
}
