/**
 * The conformance suite for inboxes: what `Inbox` promises, with real deliveries, through a receiver. Hookproof's own
 * engines run it, and so can yours. It needs no particular test runner.
 *
 * @module
 */
import { checkNames } from '@hookproof/core/strict';
import { acceptingTests } from './inbox-conformance/accepting.ts';
import { aheadTests } from './inbox-conformance/ahead.ts';
import { laneTests } from './inbox-conformance/lanes.ts';
import { operatingTests } from './inbox-conformance/operating.ts';
import { ownerTests } from './inbox-conformance/owners.ts';
import { retentionTests } from './inbox-conformance/retention.ts';
import type { InboxUnderTest, Tests } from './inbox-conformance/scene.ts';
import { sharingTests } from './inbox-conformance/sharing.ts';
import { transactionTests } from './inbox-conformance/transactions.ts';
import { workingTests } from './inbox-conformance/working.ts';

export type { InboxSettings, InboxUnderTest, OpenTransaction } from './inbox-conformance/scene.ts';

/**
 * Registers the conformance tests of an inbox.
 *
 * @throws WebhookError `invalid_options` for a name that is not an option: its tests would be left out
 *
 * @example
 * ```ts
 * import { test } from 'node:test';
 * import { memoryInbox } from '@hookproof/inbox';
 * import { inboxConformance } from '@hookproof/testing/inbox-conformance';
 *
 * inboxConformance({ name: 'memory', test, open: (_store, settings) => memoryInbox(settings), shared: false });
 * ```
 */
export function inboxConformance(inbox: InboxUnderTest): void {
  checkNames<InboxUnderTest>('inboxConformance', inbox, {
    name: true,
    test: true,
    open: true,
    shared: true,
    begin: true,
  });
  const register = (tests: Tests) => {
    for (const [title, run] of tests) inbox.test(`${inbox.name}: ${title}`, run);
  };
  register(acceptingTests(inbox));
  register(workingTests(inbox));
  register(aheadTests(inbox));
  register(sharingTests(inbox));
  register(operatingTests(inbox));
  register(retentionTests(inbox));
  register(laneTests(inbox));
  register(ownerTests(inbox));
  register(transactionTests(inbox));
}
