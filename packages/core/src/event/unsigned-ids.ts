import { remember } from '../remember.ts';

/** Bodies that came under ids, and how many of these count in a day. */
const maxBodies = 1_000;
const maxIds = 8;
const dayMs = 24 * 60 * 60 * 1_000;

/**
 * Makes the function that says by which id a delivery counts whose id is not signed: by its own, or, where its body came
 * under many in a day, by one of those. Otherwise whoever has captured one delivery could make any number of events of it.
 */
export function unsignedIds(): (bodyHash: string, id: string) => string {
  const bodies = new Map<string, { readonly since: number; readonly ids: Set<string> }>();
  return (bodyHash, id) => {
    const now = performance.now();
    const known = bodies.get(bodyHash);
    if (known === undefined || now - known.since > dayMs) {
      remember(bodies, bodyHash, { since: now, ids: new Set([id]) }, maxBodies);
      return id;
    }
    if (known.ids.size < maxIds) known.ids.add(id);
    const [first = id] = known.ids;
    return known.ids.has(id) ? id : first;
  };
}
