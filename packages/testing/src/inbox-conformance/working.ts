import assert from 'node:assert/strict';
import { createReceiver, grantex } from '@hookproof/core';
import {
  deliver,
  delivery,
  endings,
  gate,
  handledIds,
  type InboxUnderTest,
  inStage,
  only,
  secret,
  type Tests,
  warnings,
  withStore,
} from './scene.ts';

/** How stored deliveries are worked off. */
export function workingTests(inbox: InboxUnderTest): Tests {
  return [
    [
      'a handler that fails runs again until it succeeds, and is told which attempt it is',
      () =>
        withStore(inbox, async ({ start }) => {
          const process = await start({}, ({ context }) => {
            if (context.attempt !== 3) throw new Error('boom');
          });
          await deliver(process, 'evt_1');
          assert.deepEqual(endings(await process.attempts(3)), [
            ...['1 retried handler_failed', '2 retried handler_failed', '3 handled'],
          ]);
          assert.deepEqual(
            process.calls.map(({ context }) => context.attempt),
            [1, 2, 3],
          );
          const { state, attempts, error } = await only(process);
          assert.deepEqual([state, attempts, error], ['handled', 3, undefined]);
        }),
    ],
    [
      'a handler that keeps failing makes a dead letter that says why',
      () =>
        withStore(inbox, async ({ start }) => {
          const process = await start({ maxAttempts: 2 }, () => {
            throw new Error(`the disk is full \0${'x'.repeat(2_000)}`);
          });
          await deliver(process, 'evt_1');
          const reports = await process.attempts(2);
          assert.deepEqual(endings(reports), ['1 retried handler_failed', '2 dead handler_failed']);
          assert.match(String(reports[1]?.error?.cause), /the disk is full/);
          const dead = await only(process);
          assert.deepEqual(
            [dead.state, dead.attempts, dead.error?.code, dead.dueAt],
            ['dead', 2, 'handler_failed', undefined],
          );
          assert.match(dead.error?.message ?? '', /^Error: the disk is full/);
          assert.ok((dead.error?.message.length ?? 0) <= 1_000);
          assert.ok(dead.finishedAt !== undefined);
        }),
    ],
    [
      'a retry waits as long as backoff says',
      () =>
        withStore(inbox, async ({ start }) => {
          const asked: number[] = [];
          const backoff = (attempt: number) => {
            asked.push(attempt);
            return attempt === 1 ? 300 : 60_000;
          };
          const times: number[] = [];
          const process = await start({ backoff }, () => {
            times.push(performance.now());
            throw new Error('boom');
          });
          await deliver(process, 'evt_1');
          await process.attempts(2);
          assert.deepEqual(asked, [1, 2]);
          assert.ok((times[1] ?? 0) - (times[0] ?? 0) >= 235, 'the retry came too early');
          const { state, dueAt, attempts, error } = await only(process);
          assert.deepEqual([state, attempts, error?.code], ['waiting', 2, 'handler_failed']);
          const inMs = Number(dueAt) - Date.now();
          assert.ok(inMs > 45_000 && inMs < 75_000, `due in ${inMs} ms`);
        }),
    ],
    [
      'an event that no handler wants any more is tried again, then a dead letter, and not lost',
      () =>
        withStore(inbox, async ({ start }) => {
          const process = await start({ maxAttempts: 2 }, undefined, { on: { 'grant.created': () => undefined } });
          const { headers, body } = await delivery('evt_1');
          // As an older process stored it, which had a handler for the type.
          const kept = new Map(Object.entries(headers));
          await process.inbox.accept({
            name: 'grantex',
            key: 'k',
            type: 'grant.revoked',
            owner: undefined,
            lane: undefined,
            headers: kept,
            body,
          });
          assert.deepEqual(endings(await process.attempts(2)), ['1 retried no_handler', '2 dead no_handler']);
        }),
    ],
    [
      'a handler that takes too long is told to stop, and runs again',
      () =>
        withStore(inbox, async ({ start }) => {
          const process = await start({ timeoutMs: 200 }, ({ context: { attempt, signal } }) => {
            if (attempt === 2) return undefined;
            return new Promise((_resolve, reject) => {
              signal.addEventListener('abort', () => reject(signal.reason));
            });
          });
          await deliver(process, 'evt_1');
          assert.deepEqual(endings(await process.attempts(2)), ['1 retried handler_timeout', '2 handled']);
        }),
    ],
    [
      'not more than concurrency deliveries are worked on at once, and all are in the end',
      () =>
        withStore(inbox, async ({ start }) => {
          let running = 0;
          let most = 0;
          const process = await start({ concurrency: 3 }, async () => {
            running += 1;
            most = Math.max(most, running);
            await new Promise((resolve) => setTimeout(resolve, 10));
            running -= 1;
          });
          const ids = Array.from({ length: 20 }, (_, index) => `evt_${index}`);
          await Promise.all(ids.map((id) => deliver(process, id)));
          await process.attempts(20);
          assert.equal(most, 3);
          assert.deepEqual(handledIds(process).toSorted(), ids.toSorted());
        }),
    ],
    [
      'without work it only stores; drain works off what is due and counts it',
      () =>
        withStore(inbox, async ({ start }) => {
          const process = await start({ work: false, backoff: () => 60_000, concurrency: 2 }, ({ event }) => {
            if (event.id === 'evt_3') throw new Error('boom');
          });
          for (const id of ['evt_1', 'evt_2', 'evt_3', 'evt_4']) await deliver(process, id);
          assert.equal((await process.inbox.counts()).waiting, 4);
          assert.equal(process.calls.length, 0);
          assert.deepEqual(await process.inbox.drain({ maxMs: 10_000 }), { handled: 3, retried: 1, dead: 0 });
          assert.deepEqual(await process.inbox.drain({ maxMs: 10_000 }), { handled: 0, retried: 0, dead: 0 });
          assert.deepEqual(await process.inbox.counts(), { waiting: 1, working: 0, handled: 3, dead: 0 });
        }),
    ],
    [
      'drain stops when its time is over, and what it stopped is tried again',
      () =>
        withStore(inbox, async ({ start }) => {
          // Its last attempt, but it was not the delivery's fault that it was cut short.
          const process = await start({ work: false, maxAttempts: 1 }, ({ context: { attempt, signal } }) => {
            if (attempt === 2) return undefined;
            return new Promise((_resolve, reject) => {
              signal.addEventListener('abort', () => reject(signal.reason));
            });
          });
          await deliver(process, 'evt_1');
          assert.deepEqual(await process.inbox.drain({ maxMs: 300 }), { handled: 0, retried: 1, dead: 0 });
          assert.deepEqual(await process.inbox.drain({ maxMs: 10_000 }), { handled: 1, retried: 0, dead: 0 });
        }),
    ],
    [
      'close waits for the handlers that run, takes nothing more, and refuses deliveries',
      () =>
        withStore(inbox, async ({ start }) => {
          const begun = gate();
          const finish = gate();
          const process = await start({ concurrency: 1 }, () => {
            begun.open();
            return finish.opened;
          });
          await deliver(process, 'evt_1');
          await deliver(process, 'evt_2');
          await begun.opened;
          const closed = process.inbox.close({ maxMs: 20_000 });
          assert.equal(await Promise.race([closed, Promise.resolve('open')]), 'open');
          assert.equal((await deliver(process, 'evt_3')).status, 503);
          finish.open();
          await closed;
          assert.deepEqual(endings(await process.attempts(1)), ['1 handled']);
          assert.equal(process.calls.length, 1);
          assert.equal(process.inbox.close(), process.inbox.close());
        }),
    ],
    [
      'close stops what still runs when its time is over',
      () =>
        withStore(inbox, async ({ start }) => {
          const begun = gate();
          const process = await start({}, ({ context: { signal } }) => {
            begun.open();
            return new Promise((_resolve, reject) => {
              signal.addEventListener('abort', () => reject(signal.reason));
            });
          });
          await deliver(process, 'evt_1');
          await begun.opened;
          await process.inbox.close({ maxMs: 50 });
          assert.deepEqual(endings(await process.attempts(1)), ['1 retried handler_timeout']);
        }),
    ],
    [
      'two receivers of one inbox cannot have one name in production',
      () =>
        withStore(inbox, async ({ start }) => {
          const process = await start();
          await inStage('production', () => {
            assert.throws(() => process.inbox.register({ name: 'grantex', work: async () => 'handled' }), {
              code: 'invalid_options',
              message: /"grantex".*receiverName/,
            });
          });
        }),
    ],
    [
      'outside production a receiver that is made again takes over at once, retries included, and that is said once',
      () =>
        withStore(inbox, async ({ start }) => {
          const failed = gate();
          const old = await start({ backoff: () => 200 }, () => {
            failed.open();
            throw new Error('of the old code');
          });
          await deliver(old, 'evt_1');
          await failed.opened;
          const anew = gate<readonly unknown[]>();
          const said = await warnings(() =>
            inStage('development', () => {
              for (const version of [1, 2]) {
                createReceiver({
                  provider: grantex(),
                  secret,
                  inbox: old.inbox,
                  on: { '*': ({ id }, { attempt }) => anew.open([version, id, attempt]) },
                });
              }
            }),
          );
          assert.deepEqual(await anew.opened, [2, 'evt_1', 2]);
          assert.equal(old.calls.length, 1);
          assert.equal(said.filter((text) => /"grantex", and takes over.*receiverName/.test(text)).length, 1);
        }),
    ],
    [
      'a receiver with much to do does not keep another one waiting',
      () =>
        withStore(inbox, async ({ start }) => {
          const process = await start({ work: false, concurrency: 1 });
          const order: string[] = [];
          for (const name of ['much', 'little']) {
            process.inbox.register({
              name,
              async work(attempt) {
                order.push(name);
                return (await attempt.settle(undefined)).outcome;
              },
            });
          }
          const one = { type: 'a', owner: undefined, lane: undefined, headers: new Map(), body: new Uint8Array([1]) };
          const names = ['little', ...Array.from({ length: 60 }, () => 'much')];
          for (const [index, name] of names.entries()) await process.inbox.accept({ ...one, name, key: `k${index}` });
          assert.equal((await process.inbox.drain({ maxMs: 20_000 })).handled, 61);
          assert.ok(order.indexOf('little') < 40, `it came after ${order.indexOf('little')} others`);
        }),
    ],
    [
      'a receiver whose handlers hang leaves the others a slot',
      () =>
        withStore(inbox, async ({ start }) => {
          const process = await start({ concurrency: 4 });
          const finish = gate();
          const hanging = gate();
          let hung = 0;
          const handled: (() => void)[] = [];
          process.inbox.register({
            name: 'hangs',
            async work(attempt) {
              hung += 1;
              if (hung === 2) hanging.open();
              await finish.opened;
              return (await attempt.settle(undefined)).outcome;
            },
          });
          process.inbox.register({
            name: 'quiet',
            async work(attempt) {
              const { outcome } = await attempt.settle(undefined);
              handled.shift()?.();
              return outcome;
            },
          });
          const one = { type: 'a', owner: undefined, lane: undefined, headers: new Map(), body: new Uint8Array([1]) };
          for (let index = 0; index < 20; index += 1)
            await process.inbox.accept({ ...one, name: 'hangs', key: `h${index}` });
          // Of 4 slots one stays free for each of the two that hold none: the suite's own receiver is the other.
          await hanging.opened;
          for (let index = 0; index < 5; index += 1) {
            const done = gate();
            handled.push(done.open);
            await process.inbox.accept({ ...one, name: 'quiet', key: `q${index}` });
            await done.opened;
          }
          assert.equal(hung, 2);
          finish.open();
        }),
    ],
    [
      'deliveries for a receiver that this process does not have are left to others',
      () =>
        withStore(inbox, async ({ start }) => {
          const process = await start();
          const { headers, body } = await delivery('evt_1');
          const kept = new Map(Object.entries(headers));
          await process.inbox.accept({
            name: 'elsewhere',
            key: 'k',
            type: 'a',
            owner: undefined,
            lane: undefined,
            headers: kept,
            body,
          });
          await deliver(process, 'evt_2');
          await process.attempts(1);
          assert.deepEqual(await process.inbox.counts('elsewhere'), { waiting: 1, working: 0, handled: 0, dead: 0 });
          assert.deepEqual(handledIds(process), ['evt_2']);
        }),
    ],
  ];
}
