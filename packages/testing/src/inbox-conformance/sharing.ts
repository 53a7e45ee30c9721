import assert from 'node:assert/strict';
import { deliver, endings, handledIds, type InboxUnderTest, listed, type Tests, withStore } from './scene.ts';

/** What holds between several processes. */
export function sharingTests(inbox: InboxUnderTest): Tests {
  if (inbox.shared === false) return [];
  return [
    [
      'what was stored is there for the next process',
      () =>
        withStore(inbox, async ({ start }) => {
          const web = await start({ work: false });
          await deliver(web, 'evt_1');
          await web.inbox.close();
          const worker = await start();
          assert.deepEqual(endings(await worker.attempts(1)), ['1 handled']);
          assert.equal((await deliver(worker, 'evt_1')).status, 200);
        }),
    ],
    [
      'a worker finds what another process stores',
      () =>
        withStore(inbox, async ({ start }) => {
          const web = await start({ work: false });
          const worker = await start();
          await deliver(web, 'evt_1');
          assert.deepEqual(endings(await worker.attempts(1)), ['1 handled']);
          assert.equal(web.calls.length, 0);
        }),
    ],
    [
      'copies of 100 events that come to two processes at once are stored and handled once each',
      () =>
        withStore(inbox, async ({ start }) => {
          const [one, two] = [await start(), await start()];
          const ids = Array.from({ length: 100 }, (_, index) => `evt_${index}`);
          const copies = ids.flatMap((id) => [one, two, one, two].map((process) => deliver(process, id)));
          const replies = await Promise.all(copies);
          assert.equal(replies.filter(({ status }) => status === 202).length, 100);
          assert.equal(replies.filter(({ status }) => status === 200).length, 300);
          while ((await one.inbox.counts()).handled < 100) await new Promise((resolve) => setTimeout(resolve, 20));
          assert.deepEqual([...handledIds(one), ...handledIds(two)].toSorted(), ids.toSorted());
        }),
    ],
    [
      'a handler that takes longer than the lease is not run by another process while its own lives',
      () =>
        withStore(inbox, async ({ start }) => {
          const settings = { leaseMs: 300, timeoutMs: 10_000 };
          const slow = () => new Promise((resolve) => setTimeout(resolve, 1_500));
          const [one, two] = [await start(settings, slow), await start(settings, slow)];
          await deliver(one, 'evt_1');
          while ((await one.inbox.counts()).handled < 1) await new Promise((resolve) => setTimeout(resolve, 50));
          assert.equal(one.calls.length + two.calls.length, 1);
          const [only] = await listed(one);
          assert.equal(only?.attempts, 1);
        }),
    ],
    [
      'a retry may go to another process, and counts on',
      () =>
        withStore(inbox, async ({ start }) => {
          const fail = () => {
            throw new Error('boom');
          };
          const one = await start({ backoff: () => 200 }, fail);
          await deliver(one, 'evt_1');
          await one.attempts(1);
          await one.inbox.close();
          const two = await start();
          assert.deepEqual(endings(await two.attempts(1)), ['2 handled']);
        }),
    ],
  ];
}
