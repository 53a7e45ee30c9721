import { expect, it, vi } from 'vitest';
import { memoryInbox } from './index.ts';

const delivery = {
  name: 'a',
  key: 'k',
  type: 't',
  owner: undefined,
  lane: undefined,
  headers: new Map(),
  body: new Uint8Array(),
};

/** An inbox with one delivery, whose handler goes on whatever its signal says. */
async function withStubbornHandler(work: boolean) {
  const onError = vi.fn();
  const inbox = memoryInbox({ work, onError });
  let begun: () => void = () => undefined;
  const hasBegun = new Promise<void>((resolve) => {
    begun = resolve;
  });
  inbox.register({
    name: 'a',
    work: () => {
      begun();
      return new Promise(() => undefined);
    },
  });
  await inbox.accept(delivery);
  return { inbox, onError, hasBegun };
}

it('close() ends by its time, whatever a handler does, and says what was left', async () => {
  const { inbox, onError, hasBegun } = await withStubbornHandler(true);
  await hasBegun;
  const from = performance.now();
  await inbox.close({ maxMs: 100 });
  expect(performance.now() - from).toBeLessThan(5_000);
  expect(String(onError.mock.calls)).toMatch(/close\(\) ended before .* a delivery, which will be tried again/);
});

it('drain() ends by its time, and throws where a handler of its own goes on', async () => {
  const { inbox, hasBegun } = await withStubbornHandler(false);
  const drained = inbox.drain({ maxMs: 100 });
  await hasBegun;
  await expect(drained).rejects.toMatchObject({
    code: 'inbox_unavailable',
    message: expect.stringMatching(/drain\(\) ended before/),
  });
  await inbox.close({ maxMs: 1 });
});

it('drain() in a process that works anyway leaves its handlers alone', async () => {
  const { inbox, hasBegun } = await withStubbornHandler(true);
  await hasBegun;
  expect(await inbox.drain({ maxMs: 100 })).toEqual({ handled: 0, retried: 0, dead: 0 });
  await inbox.close({ maxMs: 1 });
});
