import { randomUUID } from 'node:crypto';
import type { Inbox } from '@hookproof/core';
import type { NewDelivery } from '@hookproof/core/inbox';
import { makeArrivedDelivery, type NodeDelivery } from '../deliveries.ts';
import { scheme } from '../http/contenders.ts';
import { pool } from '../pool.ts';

/** Bytes of every body. */
export const bodyBytes = 250;

/** A key as a provider's random event ids make it: the worst for an index, because each belongs elsewhere in it. */
export function randomKey(): string {
  return `evt_${randomUUID()}`;
}

let last = 0;

/** A key as ids make it that sort by their time, such as ULIDs. */
export function sortedKey(): string {
  return `evt_01J9ZK3V5Q${String(++last).padStart(10, '0')}${randomUUID().slice(0, 12)}`;
}

/** Hands out genuine deliveries in turn, as an adapter gives them to `receive`. */
export function arrived(): Promise<() => NodeDelivery> {
  return pool(() => makeArrivedDelivery(scheme, bodyBytes));
}

/** Hands out the same as a receiver gives them to its inbox, each with a key of its own. */
export async function proven(makeKey: () => string = randomKey): Promise<() => NewDelivery & { readonly key: string }> {
  const next = await pool(async () => {
    const { headers, body } = await makeArrivedDelivery(scheme, bodyBytes);
    return {
      name: 'grantex',
      type: 'grant.revoked',
      owner: undefined,
      lane: undefined,
      headers: new Map(Object.entries(headers)),
      body,
    };
  });
  return () => ({ ...next(), key: makeKey() });
}

/** An inbox for which every delivery is a new event, so that a small stock of signed ones is enough. */
export function withFreshKeys(inbox: Inbox): Inbox {
  return { ...inbox, accept: (delivery) => inbox.accept({ ...delivery, key: randomKey() }) };
}
