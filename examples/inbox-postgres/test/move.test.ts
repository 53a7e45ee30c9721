import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createReceiver, type DeliverySummary, grantex, type Inbox } from '@hookproof/core';
import { memoryInbox } from '@hookproof/inbox';
import { sqliteInbox } from '@hookproof/inbox/sqlite';
import { signedDelivery } from '@hookproof/testing';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { moveDeliveries } from '../src/move.ts';

const secret = 'grantex secret for tests';
let folder: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'hookproof-example-'));
});

afterEach(() => rmSync(folder, { recursive: true }));

function receiverOf(inbox: Inbox, revoke: (grantId: string) => void) {
  const on = { 'grant.revoked': ({ data }: { data: { grantId: string } }) => revoke(data.grantId) };
  return createReceiver({ provider: grantex(), secret, inbox, on, onOutcome: () => undefined });
}

async function allOf(inbox: Inbox): Promise<readonly DeliverySummary[]> {
  const all: DeliverySummary[] = [];
  for await (const delivery of inbox.list()) all.push(delivery);
  return all;
}

it('moves an inbox so that nothing is lost and nothing runs twice', async () => {
  const deliveries = await Promise.all(
    ['handled', 'dead', 'waiting'].map((grantId) =>
      signedDelivery(grantex(), { type: 'grant.revoked', data: { grantId, cascade: false } }, { secret }),
    ),
  );
  const from = sqliteInbox({ path: join(folder, 'old.db'), work: false, maxAttempts: 1 });
  const old = receiverOf(from, (grantId) => {
    if (grantId === 'dead') throw new Error('not today');
  });
  for (const { request } of deliveries.slice(0, 2)) expect((await old.fetch(request)).status).toBe(202);
  await from.drain();
  for (const { request } of deliveries.slice(2)) expect((await old.fetch(request)).status).toBe(202);
  expect(await from.counts()).toEqual({ waiting: 1, working: 0, handled: 1, dead: 1 });

  const store = join(folder, 'new.db');
  const moving = sqliteInbox({ path: store, work: false });
  await moveDeliveries(from, moving, [{ name: 'grantex', provider: grantex(), secret }]);
  await moving.close();

  const to = sqliteInbox({ path: store, work: false });
  expect(await to.counts()).toEqual({ waiting: 2, working: 0, handled: 1, dead: 0 });
  const keys = (all: readonly DeliverySummary[]) => all.map(({ key }) => key).sort();
  expect(keys(await allOf(to))).toEqual(keys(await allOf(from)));
  const revoked = vi.fn();
  const fresh = receiverOf(to, revoked);
  for (const { request } of deliveries) expect((await fresh.fetch(request)).status).toBe(200); // duplicates
  await to.drain();
  expect(revoked.mock.calls.flat().sort()).toEqual(['dead', 'waiting']);
  await Promise.all([from.close(), to.close()]);
});

it('refuses a new inbox in which something waits, because that would count as handled', async () => {
  const to = memoryInbox({ work: false });
  await to.accept({
    name: 'grantex',
    key: 'k',
    type: 't',
    owner: undefined,
    lane: undefined,
    headers: new Map(),
    body: new Uint8Array(),
  });
  await expect(moveDeliveries(memoryInbox({ work: false }), to, [])).rejects.toThrow('waits in the new inbox');
});
