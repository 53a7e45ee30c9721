import assert from 'node:assert/strict';
import { grantex } from '@hookproof/core';
import { signedDelivery } from '../signed-delivery.ts';
import {
  deliver,
  endings,
  gate,
  type InboxUnderTest,
  listed,
  only,
  type Process,
  secret,
  type Tests,
  withStore,
} from './scene.ts';

/** What an operator can see and do. */
export function operatingTests(inbox: InboxUnderTest): Tests {
  return [
    [
      'list goes in the order of arrival, and by name, state, type, error and time',
      () =>
        withStore(inbox, async ({ start }) => {
          const process = await start({ maxAttempts: 1 }, ({ event }) => {
            if (event.id === 'evt_2') throw new Error('boom');
          });
          await deliver(process, 'evt_1');
          await deliver(process, 'evt_2');
          await process.attempts(2);
          await new Promise((resolve) => setTimeout(resolve, 5));
          const between = new Date();
          await new Promise((resolve) => setTimeout(resolve, 5));
          await deliverOther(process, 'evt_3');
          await process.attempts(3);
          const keys = async (...filter: Parameters<Process['inbox']['list']>) =>
            (await listed(process, ...filter)).map(({ key }) => key);
          assert.deepEqual(await keys(), ['evt_1', 'evt_2', 'evt_3']);
          assert.deepEqual(await keys({ state: 'handled' }), ['evt_1', 'evt_3']);
          assert.deepEqual(await keys({ state: 'dead' }), ['evt_2']);
          assert.deepEqual(await keys({ type: 'grant.revoked' }), ['evt_1', 'evt_2']);
          assert.deepEqual(await keys({ error: 'handler_failed' }), ['evt_2']);
          assert.deepEqual(await keys({ receivedFrom: between }), ['evt_3']);
          assert.deepEqual(await keys({ receivedBefore: between }), ['evt_1', 'evt_2']);
          assert.deepEqual(await keys({ name: 'grantex', state: 'handled', type: 'grant.revoked' }), ['evt_1']);
          assert.deepEqual(await keys({ name: 'other' }), []);
          assert.deepEqual(await process.inbox.counts('grantex'), { waiting: 0, working: 0, handled: 2, dead: 1 });
          assert.deepEqual(await process.inbox.counts('other'), { waiting: 0, working: 0, handled: 0, dead: 0 });
        }),
    ],
    [
      'a list longer than a page has everything once',
      () =>
        withStore(inbox, async ({ start }) => {
          const process = await start({ work: false });
          const count = 1_203;
          const headers = new Map<string, string>();
          const accepting = Array.from({ length: count }, (_, index) =>
            process.inbox.accept({
              ...{
                name: 'grantex',
                key: `k${index}`,
                type: index % 2 === 0 ? 'even' : 'odd',
                owner: undefined,
                lane: undefined,
              },
              ...{ headers, body: new Uint8Array([1]) },
            }),
          );
          await Promise.all(accepting);
          const found = await listed(process);
          assert.equal(found.length, count);
          assert.equal(new Set(found.map(({ id }) => id)).size, count);
          assert.equal((await listed(process, { type: 'odd' })).length, 601);
          assert.equal(await process.inbox.discard({ state: 'waiting', type: 'odd' }), 601);
          assert.equal((await process.inbox.counts()).waiting, 602);
        }),
    ],
    [
      'get knows nothing of an id that is not there, whatever it is',
      () =>
        withStore(inbox, async ({ start }) => {
          const process = await start({ work: false });
          await deliver(process, 'evt_1');
          for (const id of [
            '',
            '0',
            '999999',
            '-1',
            '1e3',
            '1.0',
            "' OR 1=1",
            '__proto__',
            'grantex',
            '\0',
            '9'.repeat(40),
          ]) {
            assert.equal(await process.inbox.get(id), undefined, JSON.stringify(id));
            assert.equal(await process.inbox.replay(id), 0);
            assert.equal(await process.inbox.discard(id), 0);
          }
          assert.equal((await process.inbox.counts()).waiting, 1);
        }),
    ],
    [
      'a dead letter that is replayed begins again with attempt 1 and no error',
      () =>
        withStore(inbox, async ({ start }) => {
          let corrected = false;
          const process = await start({ maxAttempts: 2 }, () => {
            if (!corrected) throw new Error('boom');
          });
          await deliver(process, 'evt_1');
          await deliver(process, 'evt_2');
          await process.attempts(4);
          corrected = true;
          assert.equal(await process.inbox.replay({ state: 'dead', error: 'invalid_event' }), 0);
          assert.equal(await process.inbox.replay({ error: 'handler_failed' }), 2);
          assert.deepEqual(endings((await process.attempts(6)).slice(4)), ['1 handled', '1 handled']);
          for (const { state, attempts, error } of await listed(process)) {
            assert.deepEqual([state, attempts, error], ['handled', 1, undefined]);
          }
        }),
    ],
    [
      'a handled delivery is replayed only when it is named, and one that waits comes at once',
      () =>
        withStore(inbox, async ({ start }) => {
          const process = await start({ backoff: () => 60_000 }, ({ event, context }) => {
            if (event.id === 'evt_2' && context.receivedAt && !corrected) throw new Error('boom');
          });
          let corrected = false;
          await deliver(process, 'evt_1');
          await process.attempts(1);
          await deliver(process, 'evt_2');
          await process.attempts(2);
          assert.equal(await process.inbox.replay({}), 0);
          const [one, two] = await listed(process);
          assert.ok(one && two);
          corrected = true;
          assert.equal(await process.inbox.replay(two.id), 1);
          assert.equal((await process.attempts(3))[2]?.outcome, 'handled');
          assert.equal(await process.inbox.replay(one.id), 1);
          assert.deepEqual(endings((await process.attempts(4)).slice(3)), ['1 handled']);
          assert.equal(await process.inbox.replay({ state: 'handled' }), 2);
          await process.attempts(6);
          assert.equal(process.calls.length, 6);
        }),
    ],
    [
      'what is replayed while all dead letters are discarded is not lost',
      () =>
        withStore(inbox, async ({ start }) => {
          let corrected = false;
          const process = await start({ maxAttempts: 1 }, () => {
            if (!corrected) throw new Error('boom');
          });
          const ids = Array.from({ length: 120 }, (_, index) => `evt_${index}`);
          await Promise.all(ids.map((id) => deliver(process, id)));
          await process.attempts(120);
          corrected = true;
          const last = (await listed(process)).at(-1);
          assert.ok(last);
          const discarding = process.inbox.discard({});
          const replayed = await process.inbox.replay(last.id);
          const discarded = await discarding;
          assert.equal(replayed + discarded, 120);
          assert.equal((await process.inbox.get(last.id)) === undefined, replayed === 0);
        }),
    ],
    [
      'a condition that is misspelt names nothing, and is refused',
      () =>
        withStore(inbox, async ({ start }) => {
          const process = await start({ work: false });
          await deliver(process, 'evt_1');
          const refused = { code: 'invalid_options' };
          for (const wrong of [{ names: 'a' }, { state: 'bogus' }, { receivedFrom: 'yesterday' }]) {
            await assert.rejects(process.inbox.discard(Object(wrong)), refused, JSON.stringify(wrong));
            await assert.rejects(process.inbox.replay(Object(wrong)), refused);
            await assert.rejects(listed(process, Object(wrong)), refused);
          }
          assert.equal((await process.inbox.counts()).waiting, 1);
        }),
    ],
    [
      'a delivery that is being worked on is neither replayed nor discarded',
      () =>
        withStore(inbox, async ({ start }) => {
          const begun = gate();
          const finish = gate();
          const process = await start({}, () => {
            begun.open();
            return finish.opened;
          });
          await deliver(process, 'evt_1');
          await begun.opened;
          const { id, state } = await only(process);
          assert.equal(state, 'working');
          assert.equal(await process.inbox.replay(id), 0);
          assert.equal(await process.inbox.discard(id), 0);
          finish.open();
          assert.deepEqual(endings(await process.attempts(1)), ['1 handled']);
        }),
    ],
    [
      'what is discarded is gone, and its event is new when it comes again',
      () =>
        withStore(inbox, async ({ start }) => {
          const process = await start({ maxAttempts: 1 }, ({ event }) => {
            if (event.id === 'evt_1') throw new Error('boom');
          });
          await deliver(process, 'evt_1');
          await deliver(process, 'evt_2');
          await process.attempts(2);
          assert.equal(await process.inbox.discard({}), 1);
          assert.deepEqual(
            (await listed(process)).map(({ key }) => key),
            ['evt_2'],
          );
          const { id } = await only(process);
          assert.equal(await process.inbox.discard(id), 1);
          assert.equal(await process.inbox.get(id), undefined);
          assert.equal((await deliver(process, 'evt_2')).status, 202);
          await process.attempts(3);
        }),
    ],
    [
      'prune deletes what was handled before a time, and nothing else',
      () =>
        withStore(inbox, async ({ start }) => {
          const process = await start({ maxAttempts: 1, backoff: () => 60_000 }, ({ event }) => {
            if (event.id === 'evt_dead') throw new Error('boom');
          });
          await deliver(process, 'evt_handled');
          await deliver(process, 'evt_dead');
          await process.attempts(2);
          assert.equal(await process.inbox.prune(), 0);
          assert.equal(await process.inbox.prune({ handledBefore: new Date(Date.now() - 60_000) }), 0);
          assert.equal(await process.inbox.prune({ handledBefore: new Date(Date.now() + 60_000) }), 1);
          assert.deepEqual(
            (await listed(process)).map(({ key }) => key),
            ['evt_dead'],
          );
        }),
    ],
  ];
}

async function deliverOther({ receiver }: Process, id: string): Promise<void> {
  const data = { grantId: 'g', agentId: 'a', principalId: 'p', scopes: ['s'], expiresAt: '2026-11-21T23:09:31.330Z' };
  const { headers, body } = await signedDelivery(grantex(), { type: 'grant.created', id, data }, { secret });
  assert.equal((await receiver.receive({ headers, body })).status, 202);
}
