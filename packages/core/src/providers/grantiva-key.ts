import type { KeyFacts } from '../event/format.ts';
import { type Awaitable, goOn } from '../timing/awaitable.ts';

/** Bytes that came as deliveries of several ids, and how many of these count in a day. */
const maxBodies = 1_000;
const maxIds = 8;
const dayMs = 24 * 60 * 60 * 1_000;

/**
 * The key by the signed body, or by the delivery id. Whoever has captured one delivery can send it under any number of
 * ids, which are not signed: only a few of one body count as events of their own.
 */
export function keyOf(wanted: 'signed' | 'delivery'): (facts: KeyFacts) => Awaitable<string | undefined> {
  const bodies = new Map<string, { readonly since: number; readonly ids: Set<string> }>();

  /** The id itself, or, where there were too many, one that was there before. */
  function counted(hash: string, id: string): string {
    const now = performance.now();
    const known = bodies.get(hash);
    if (known === undefined || now - known.since > dayMs) {
      const [oldest] = bodies.size < maxBodies ? [] : bodies.keys();
      if (oldest !== undefined) bodies.delete(oldest);
      bodies.set(hash, { since: now, ids: new Set([id]) });
      return id;
    }
    if (known.ids.size < maxIds) known.ids.add(id);
    const [first = id] = known.ids;
    return known.ids.has(id) ? id : first;
  }

  return ({ event, deliveryId, bodyHash }) => {
    if (wanted === 'signed' && event.timestamp !== undefined) return bodyHash();
    // Not longer than a store would keep it.
    const id = deliveryId?.slice(0, 256);
    if (id === undefined || id === '') return undefined;
    return goOn(id, bodyHash(), (id, hash) =>
      wanted === 'signed' ? `${hash}:${counted(hash, id)}` : counted(hash, id),
    );
  };
}
