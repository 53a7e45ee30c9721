// An app that has one core, and an inbox that has another. `die` stores a delivery and dies while it handles it; `work`
// writes a line for each attempt.
import assert from 'node:assert/strict';
import { createReceiver, grantex, type OutcomeReport, WebhookError } from '@hookproof/core';
import { sqliteInbox } from '@hookproof/inbox/sqlite';
import { sampleEvent, signedDelivery } from '@hookproof/testing';

const [mode, path, copy = ''] = process.argv.slice(2);
/** The core of the inbox. */
const other: typeof import('@hookproof/core') = await import(copy);
assert.notEqual(other.WebhookError, WebhookError, 'there is only one core here');

const secret = 'a secret for tests';
const inbox = sqliteInbox({ path, maxAttempts: 1, leaseMs: 300, pollMs: 50 });
const receiver = createReceiver({
  provider: grantex(),
  secret,
  inbox,
  on: { '*': () => (mode === 'die' ? process.kill(process.pid, 'SIGKILL') : console.log('handled')) },
  onOutcome: ({ stage, outcome, error }: OutcomeReport) => {
    if (stage === 'work')
      console.log(JSON.stringify({ outcome, code: error?.code, isOurs: error instanceof WebhookError }));
  },
});
if (mode === 'die') {
  const delivery = await signedDelivery(grantex(), sampleEvent(grantex(), 'grant.revoked'), { secret });
  await receiver.receive(delivery);
} else {
  process.once('SIGTERM', () => inbox.close());
}
