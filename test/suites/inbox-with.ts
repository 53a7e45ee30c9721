import type { Inbox } from '@hookproof/core';
import { inboxWay } from '@hookproof/core/inbox';
import { expect } from 'vitest';

/** An inbox that does this, and of which nothing else may be asked. */
export function inboxWith(parts: Partial<Inbox>): Inbox {
  const unused = async () => expect.unreachable('not here');
  return {
    way: inboxWay,
    lanes: false,
    register() {},
    accept: unused,
    async *list() {},
    get: unused,
    known: unused,
    counts: unused,
    replay: unused,
    discard: unused,
    prune: unused,
    drain: unused,
    close: unused,
    ...parts,
  };
}
