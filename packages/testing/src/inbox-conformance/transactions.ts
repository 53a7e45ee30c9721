import assert from 'node:assert/strict';
import { complete, deliver, endings, type InboxUnderTest, only, type Tests, withStore } from './scene.ts';

/** `context.complete`: the handler's writes and the record of the event in one transaction. */
export function transactionTests(inbox: InboxUnderTest): Tests {
  const { begin } = inbox;
  if (begin === undefined) {
    return [
      [
        'complete refuses, because there is no database to share',
        () =>
          withStore(inbox, async ({ start }) => {
            const process = await start({ maxAttempts: 1 }, (call) => complete(call, {}));
            await deliver(process, 'evt_1');
            const [report] = await process.attempts(1);
            assert.match(String(report?.error?.cause), /complete\(\) needs sqliteInbox or postgresInbox/);
          }),
      ],
    ];
  }
  return [
    [
      'complete in a transaction that is committed is the record of the event',
      () =>
        withStore(inbox, async ({ start, store }) => {
          const process = await start({}, async (call) => {
            const { transaction, commit } = await begin(store);
            await complete(call, transaction);
            await commit();
          });
          await deliver(process, 'evt_1');
          assert.deepEqual(endings(await process.attempts(1)), ['1 handled']);
          assert.equal((await only(process)).state, 'handled');
        }),
    ],
    [
      'complete in a transaction that is rolled back is no record: the event is tried again',
      () =>
        withStore(inbox, async ({ start, store }) => {
          const process = await start({}, async (call) => {
            const { transaction, commit, rollback } = await begin(store);
            await complete(call, transaction);
            await (call.context.attempt === 1 ? rollback() : commit());
          });
          await deliver(process, 'evt_1');
          assert.deepEqual(endings(await process.attempts(2)), ['1 retried not_committed', '2 handled']);
        }),
    ],
    [
      'a handler that throws after it rolled back is tried again',
      () =>
        withStore(inbox, async ({ start, store }) => {
          const process = await start({}, async (call) => {
            const { transaction, commit, rollback } = await begin(store);
            await complete(call, transaction);
            if (call.context.attempt === 2) return commit();
            await rollback();
            throw new Error('boom');
          });
          await deliver(process, 'evt_1');
          assert.deepEqual(endings(await process.attempts(2)), ['1 retried handler_failed', '2 handled']);
        }),
    ],
    [
      'a handler that throws after its transaction was committed is not run again, and the error is reported',
      () =>
        withStore(inbox, async ({ start, store }) => {
          const process = await start({}, async (call) => {
            const { transaction, commit } = await begin(store);
            await complete(call, transaction);
            await commit();
            throw new Error('boom');
          });
          await deliver(process, 'evt_1');
          assert.deepEqual(endings(await process.attempts(1)), ['1 handled handler_failed']);
          assert.equal((await only(process)).state, 'handled');
        }),
    ],
    [
      'complete refuses what is no transaction of its database',
      () =>
        withStore(inbox, async ({ start }) => {
          const process = await start({ maxAttempts: 1 }, (call) => complete(call, {}));
          await deliver(process, 'evt_1');
          const [report] = await process.attempts(1);
          assert.deepEqual(endings([report].flatMap((one) => one ?? [])), ['1 dead handler_failed']);
          assert.match(String(report?.error?.cause), /complete\(\)/);
        }),
    ],
  ];
}
