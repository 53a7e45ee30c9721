import assert from 'node:assert/strict';
import { setTimeout as pause } from 'node:timers/promises';
import {
  deliver,
  handledIds,
  type InboxUnderTest,
  listed,
  only,
  type Process,
  type Tests,
  withStore,
} from './scene.ts';

const aMinute = 60_000;

/** How long an event is known whose delivery was deleted. */
export function retentionTests(inbox: InboxUnderTest): Tests {
  return [
    [
      'the event of a delivery that was pruned is a duplicate, by its old id, and is not handled again',
      () =>
        withStore(inbox, async ({ start }) => {
          const process = await start();
          await deliver(process, 'evt_1');
          await process.attempts(1);
          const stored = await process.inbox.get((await only(process)).id);
          assert.ok(stored);
          assert.equal(await pruneAll(process), 1);
          const copy = await deliver(process, 'evt_1');
          assert.deepEqual([copy.status, copy.body], [200, '{"outcome":"duplicate"}']);
          assert.deepEqual(await process.inbox.accept(stored), { id: stored.id, isNew: false });
          // Beside others, and more than once in the same list.
          const [known, other, again] = await Promise.all(
            ['evt_1', 'evt_2', 'evt_1'].map((id) => deliver(process, id)),
          );
          assert.deepEqual([known?.status, other?.status, again?.status], [200, 202, 200]);
          await process.attempts(2);
          assert.deepEqual(handledIds(process), ['evt_1', 'evt_2']);
        }),
    ],
    [
      'what is known of a delivery that was pruned is in no list and no count, and cannot be replayed',
      () =>
        withStore(inbox, async ({ start }) => {
          const process = await start();
          await deliver(process, 'evt_1');
          await process.attempts(1);
          const { id } = await only(process);
          await pruneAll(process);
          await deliver(process, 'evt_1');
          assert.deepEqual(await listed(process), []);
          assert.deepEqual(await listed(process, { state: 'handled' }), []);
          assert.deepEqual(await process.inbox.counts(), { waiting: 0, working: 0, handled: 0, dead: 0 });
          assert.equal(await process.inbox.get(id), undefined);
          assert.equal(await process.inbox.replay(id), 0);
          assert.equal(await process.inbox.discard(id), 0);
          assert.equal(await pruneAll(process), 0);
          assert.equal((await deliver(process, 'evt_1')).status, 200);
        }),
    ],
    [
      'known names the keys of events that are there, were pruned or are dead, of this receiver alone, and no others',
      () =>
        withStore(inbox, async ({ start }) => {
          const process = await start({ maxAttempts: 1 }, ({ event }) => {
            if (event.id === 'evt_dead') throw new Error('boom');
          });
          const known = async (...keys: readonly string[]) => [...(await process.inbox.known('grantex', keys))];
          assert.deepEqual(await known(), []);
          for (const id of ['evt_pruned', 'evt_discarded']) await deliver(process, id);
          await process.attempts(2);
          for await (const { id, key } of process.inbox.list()) {
            if (key === 'evt_discarded') await process.inbox.discard(id);
          }
          assert.equal(await pruneAll(process), 1);
          for (const id of ['evt_there', 'evt_dead']) await deliver(process, id);
          await process.attempts(4);
          const all = ['evt_1', 'evt_pruned', 'evt_discarded', 'evt_there', 'evt_dead', '', "' OR 1=1", '__proto__'];
          assert.deepEqual(await known(...all), ['evt_pruned', 'evt_there', 'evt_dead']);
          assert.deepEqual([...(await process.inbox.known('other', all))], []);
          // More than one look into the store, and the same key twice.
          const many = Array.from({ length: 1_203 }, (_, index) => `evt_${index}`);
          assert.deepEqual(await known('evt_there', ...many, 'evt_dead', 'evt_there'), ['evt_there', 'evt_dead']);
        }),
    ],
    [
      'the same key of another receiver or owner is another event, also when one was pruned',
      () =>
        withStore(inbox, async ({ start }) => {
          const process = await start();
          const { headers, body } = { headers: new Map<string, string>(), body: new Uint8Array([1]) };
          const event = { key: 'k', type: undefined, owner: undefined, lane: undefined, headers, body };
          await deliver(process, 'k');
          await process.attempts(1);
          const { id } = await only(process);
          await pruneAll(process);
          const other = await process.inbox.accept({ ...event, name: 'other' });
          const owned = await process.inbox.accept({ ...event, name: 'grantex', owner: 'acme', key: 'acme k' });
          assert.deepEqual([other.isNew, owned.isNew], [true, true]);
          assert.deepEqual(await process.inbox.accept({ ...event, name: 'grantex' }), { id, isNew: false });
        }),
    ],
    [
      'what is discarded is forgotten, whatever is pruned before or after',
      () =>
        withStore(inbox, async ({ start }) => {
          const process = await start();
          await deliver(process, 'evt_1');
          await process.attempts(1);
          await pruneAll(process);
          await deliver(process, 'evt_2');
          await process.attempts(2);
          assert.equal(await process.inbox.discard((await only(process)).id), 1);
          await pruneAll(process);
          assert.equal((await deliver(process, 'evt_2')).status, 202);
          await process.attempts(3);
          assert.deepEqual(handledIds(process), ['evt_1', 'evt_2', 'evt_2']);
        }),
    ],
    [
      'an event is known for retainKeysMs from when it was handled, and then it is new',
      () =>
        withStore(inbox, async ({ start }) => {
          let late = 0;
          const process = await start({ retainKeysMs: aMinute, now: () => Date.now() + late });
          await deliver(process, 'evt_1');
          await process.attempts(1);
          assert.equal(await pruneAll(process), 1);
          assert.equal((await deliver(process, 'evt_1')).status, 200);
          await deliver(process, 'evt_2');
          await process.attempts(2);
          // A store that has a clock of its own still needs half a second.
          late = aMinute - 500;
          assert.equal(await pruneAll(process), 1);
          late = aMinute + 1_000;
          const until = performance.now() + 20_000;
          do {
            assert.ok(performance.now() < until, 'not within 20 s');
            await pause(20);
            await process.inbox.prune();
          } while ((await deliver(process, 'evt_2')).status === 200);
          await process.attempts(3);
          assert.deepEqual(handledIds(process), ['evt_1', 'evt_2', 'evt_2']);
        }),
    ],
    [
      'what is pruned while copies of it come is a duplicate all the same, and handled once',
      () =>
        withStore(inbox, async ({ start }) => {
          const one = await start();
          const two = inbox.shared === false ? one : await start();
          const ids = Array.from({ length: 60 }, (_, index) => `evt_${index}`);
          await Promise.all(ids.map((id) => deliver(one, id)));
          while ((await one.inbox.counts()).handled < ids.length) await pause(20);
          const copies = ids.flatMap((id) => [deliver(one, id), deliver(two, id)]);
          const [pruned, pruned2, ...replies] = await Promise.all([pruneAll(two), pruneAll(one), ...copies]);
          assert.equal(pruned + pruned2, ids.length);
          assert.deepEqual(new Set(replies.map(({ status }) => status)), new Set([200]));
          // A worker may just be looking at a late copy.
          const open = async () => {
            const { waiting, working } = await one.inbox.counts();
            return waiting + working;
          };
          while ((await open()) > 0) await pause(20);
          assert.deepEqual(await one.inbox.counts(), { waiting: 0, working: 0, handled: 0, dead: 0 });
          assert.deepEqual([...handledIds(one), ...(two === one ? [] : handledIds(two))].toSorted(), ids.toSorted());
        }),
    ],
    [
      'with retainKeysMs of 0 no keys are kept, not even where the clock was set back',
      () =>
        withStore(inbox, async ({ start }) => {
          let late = 0;
          const process = await start({ retainKeysMs: 0, now: () => Date.now() + late });
          await deliver(process, 'evt_1');
          await process.attempts(1);
          late = -aMinute;
          assert.equal(await pruneAll(process), 1);
          late = 0;
          assert.equal((await deliver(process, 'evt_1')).status, 202);
          await process.attempts(2);
        }),
    ],
  ];
}

/** Prunes whatever was handled, by whichever clock. */
function pruneAll({ inbox }: Process): Promise<number> {
  return inbox.prune({ handledBefore: new Date(Date.now() + 10 * aMinute) });
}
