import assert from 'node:assert/strict';
import { createReceiver, grantex } from '@hookproof/core';
import { deliver, gate, handledIds, type InboxUnderTest, listed, secret, type Tests, withStore } from './scene.ts';

/** Events of one grant are one lane. */
const byGrant = {
  lane: ({ data }: { data: unknown }) => String(Object(data).grantId),
};

/** The order of events that belong together. */
export function laneTests(inbox: InboxUnderTest): Tests {
  return [
    [
      'a lane is kept, or the receiver that wants one is refused',
      () =>
        withStore(inbox, async ({ start }) => {
          const { inbox: made } = await start();
          const options = { receiverName: 'laned', lane: () => 'a', on: {} };
          const make = () => createReceiver({ provider: grantex(), secret, inbox: made, ...options });
          if (made.lanes) make();
          else assert.throws(make, { code: 'invalid_options', message: /lane/ });
        }),
    ],
    [
      'events of a lane are handled one at a time in the order of arrival; other lanes go on',
      withLanes(inbox, async ({ start }) => {
        const running = new Map<string, number>();
        const process = await start(
          { concurrency: 8 },
          async ({ event }) => {
            const lane = byGrant.lane(event);
            running.set(lane, (running.get(lane) ?? 0) + 1);
            assert.equal(running.get(lane), 1, `two of ${lane} at once`);
            await new Promise((resolve) => setTimeout(resolve, Math.random() * 10));
            running.set(lane, 0);
          },
          byGrant,
        );
        const ids = Array.from({ length: 8 }, (_, index) => index);
        for (const index of ids) {
          for (const lane of ['a', 'b', 'c']) await deliver(process, `${lane}${index}`, lane);
        }
        await process.attempts(24);
        for (const lane of ['a', 'b', 'c']) {
          const order = handledIds(process).filter((id) => id.startsWith(lane));
          assert.deepEqual(
            order,
            ids.map((index) => `${lane}${index}`),
          );
        }
      }),
    ],
    [
      'a failing event holds its lane back, and no other',
      withLanes(inbox, async ({ start }) => {
        let corrected = false;
        const process = await start(
          { backoff: () => 20, maxAttempts: 1_000 },
          ({ event }) => {
            if (event.id === 'a1' && !corrected) throw new Error('boom');
          },
          byGrant,
        );
        await deliver(process, 'a1', 'a');
        await deliver(process, 'a2', 'a');
        await deliver(process, 'b1', 'b');
        const reports = await process.attempts(5);
        assert.ok(reports.some(({ id, outcome }) => id === 'b1' && outcome === 'handled'));
        assert.ok(!handledIds(process).includes('a2'));
        corrected = true;
        while ((await process.inbox.counts()).handled < 3) await new Promise((resolve) => setTimeout(resolve, 20));
        assert.equal(handledIds(process).at(-1), 'a2');
      }),
    ],
    [
      'after laneTimeoutMs a lane goes on without the event that keeps failing, which is still tried',
      withLanes(inbox, async ({ start }) => {
        let corrected = false;
        const settings = { laneTimeoutMs: 400, leaseMs: 400, backoff: () => 50, maxAttempts: 1_000 };
        const process = await start(
          settings,
          ({ event }) => {
            if (event.id === 'a1' && !corrected) throw new Error('boom');
          },
          byGrant,
        );
        await deliver(process, 'a1', 'a');
        await deliver(process, 'a2', 'a');
        await deliver(process, 'a3', 'a');
        while ((await process.inbox.counts()).handled < 2) await new Promise((resolve) => setTimeout(resolve, 20));
        const others = handledIds(process).filter((id) => id !== 'a1');
        assert.deepEqual(others, ['a2', 'a3']);
        corrected = true;
        while ((await process.inbox.counts()).handled < 3) await new Promise((resolve) => setTimeout(resolve, 20));
      }),
    ],
    [
      'a lane goes on after laneTimeoutMs also where the event that fails is nearly always at work',
      withLanes(inbox, async ({ start }) => {
        const process = await start(
          { laneTimeoutMs: 300, maxAttempts: 1_000 },
          async ({ event }) => {
            if (event.id !== 'a1' || handledIds(process).includes('a2')) return;
            await new Promise((resolve) => setTimeout(resolve, 100));
            throw new Error('boom');
          },
          byGrant,
        );
        await deliver(process, 'a1', 'a');
        await deliver(process, 'a2', 'a');
        while ((await process.inbox.counts()).handled < 2) await new Promise((resolve) => setTimeout(resolve, 20));
        assert.ok(handledIds(process).filter((id) => id === 'a1').length < 30, 'the lane was held for too long');
      }),
    ],
    [
      'a dead letter lets its lane go at once, and joins it again when it is replayed',
      withLanes(inbox, async ({ start }) => {
        let corrected = false;
        const begun = gate();
        const finish = gate();
        const process = await start(
          { maxAttempts: 1 },
          ({ event }) => {
            if (event.id === 'a1' && !corrected) throw new Error('boom');
            if (event.id !== 'a3') return undefined;
            begun.open();
            return finish.opened;
          },
          byGrant,
        );
        await deliver(process, 'a1', 'a');
        await deliver(process, 'a2', 'a');
        await process.attempts(2);
        assert.deepEqual(handledIds(process), ['a1', 'a2']);
        await deliver(process, 'a3', 'a');
        await deliver(process, 'a4', 'a');
        await begun.opened;
        corrected = true;
        assert.equal(await process.inbox.replay({ state: 'dead' }), 1);
        assert.equal(handledIds(process).length, 3);
        finish.open();
        await process.attempts(5);
        assert.deepEqual(handledIds(process).slice(2).toSorted(), ['a1', 'a3', 'a4']);
        assert.equal((await process.inbox.counts()).handled, 4);
      }),
    ],
    [
      'discarding the event that holds a lane lets it go',
      withLanes(inbox, async ({ start }) => {
        const process = await start(
          { backoff: () => 60_000 },
          ({ event }) => {
            if (event.id === 'a1') throw new Error('boom');
          },
          byGrant,
        );
        await deliver(process, 'a1', 'a');
        await deliver(process, 'a2', 'a');
        await process.attempts(1);
        const [first] = await listed(process);
        assert.ok(first);
        assert.equal(await process.inbox.discard(first.id), 1);
        assert.equal((await process.attempts(2))[1]?.id, 'a2');
      }),
    ],
    [
      'a lane is kept by two processes together',
      withLanes(inbox, async ({ start }) => {
        if (inbox.shared === false) return;
        const order: string[] = [];
        const handler = async ({ event }: { event: { id: string | undefined } }) => {
          order.push(`${event.id} begins`);
          await new Promise((resolve) => setTimeout(resolve, Math.random() * 10));
          order.push(`${event.id} ends`);
        };
        const [one, two] = [await start({}, handler, byGrant), await start({}, handler, byGrant)];
        const ids = Array.from({ length: 20 }, (_, index) => `a${index}`);
        for (const [index, id] of ids.entries()) await deliver(index % 2 === 0 ? one : two, id, 'a');
        while ((await one.inbox.counts()).handled < 20) await new Promise((resolve) => setTimeout(resolve, 20));
        assert.deepEqual(
          order,
          ids.flatMap((id) => [`${id} begins`, `${id} ends`]),
        );
      }),
    ],
  ];
}

/** Runs a test where the inbox keeps lanes; where it does not, the first test of this file shows that it says so. */
function withLanes(inbox: InboxUnderTest, run: Parameters<typeof withStore>[1]): () => Promise<void> {
  return () =>
    withStore(inbox, async (scene) => {
      const { inbox: made } = await scene.start({ work: false }, undefined, {}, `${scene.store}x`);
      if (made.lanes) await run(scene);
    });
}
