import assert from 'node:assert/strict';
import { deliver, type InboxUnderTest, listed, type Process, type Scene, type Tests, withStore } from './scene.ts';

const concurrency = 3;

/** What holds of deliveries that a worker leases a little before their handlers begin. */
export function aheadTests(inbox: InboxUnderTest): Tests {
  return [
    [
      'what was taken ahead of handlers that then hang is given back, and counts no attempt',
      () =>
        withStore(inbox, async (scene) => {
          const { process } = await withHandlersThatHang(scene);
          await until(process, (working) => working === concurrency);
          const waiting = await listed(process, { state: 'waiting' });
          assert.ok(waiting.length > 200);
          assert.deepEqual(new Set(waiting.map(({ attempts, error }) => `${attempts} ${error?.code}`)), triedOnce);
        }),
    ],
    ...(inbox.shared === false ? [] : sharedTests(inbox)),
  ];
}

function sharedTests(inbox: InboxUnderTest): Tests {
  return [
    [
      'what was taken ahead is given back when the inbox closes, and another process has it at once',
      () =>
        withStore(inbox, async (scene) => {
          const { process, hung } = await withHandlersThatHang(scene);
          await process.inbox.close({ maxMs: 200 });
          const next = await scene.start({ work: false });
          await next.inbox.drain({ maxMs: 20_000 });
          const all = await listed(next);
          const hanging = all.filter(({ key }) => hung.has(key));
          assert.deepEqual(new Set(hanging.map(({ attempts }) => attempts)), new Set([3]));
          const others = all.filter(({ key }) => !hung.has(key));
          assert.deepEqual(
            new Set(others.map(({ state, attempts }) => `${state} ${attempts}`)),
            new Set(['handled 2']),
          );
        }),
    ],
  ];
}

const triedOnce = new Set(['1 handler_failed']);

/**
 * A process whose handlers fail at once at first and succeed at once then, so that it takes ahead, and at last hang, when
 * it has taken more than there are slots.
 */
async function withHandlersThatHang({ start }: Scene): Promise<{ process: Process; hung: ReadonlySet<string> }> {
  const hung = new Set<string>();
  let succeeded = 0;
  const process = await start({ concurrency }, ({ event, context: { attempt, signal } }) => {
    if (attempt === 1) throw new Error('boom');
    succeeded += 1;
    if (succeeded <= 100) return undefined;
    hung.add(String(event.id));
    return new Promise((_, reject) => signal.addEventListener('abort', () => reject(new Error('stopped'))));
  });
  const ids = Array.from({ length: 400 }, (_, index) => `evt_${index}`);
  await Promise.all(ids.map((id) => deliver(process, id)));
  await until(process, (working) => hung.size === concurrency && working > concurrency);
  return { process, hung };
}

async function until({ inbox }: Process, holds: (working: number) => boolean): Promise<void> {
  while (!holds((await inbox.counts()).working)) await new Promise((resolve) => setTimeout(resolve, 5));
}
