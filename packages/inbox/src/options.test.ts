import { expect, it, vi } from 'vitest';
import { memoryInbox } from './index.ts';
import { checkOptions } from './options.ts';

it.each([
  [{ concurrency: 0 }, /concurrency must be a whole number/],
  [{ concurrency: 2.5 }, /concurrency/],
  [{ maxAttempts: Number.NaN }, /maxAttempts/],
  [{ timeoutMs: 0 }, /timeoutMs must be a number of milliseconds/],
  [{ timeoutMs: 2 ** 31 }, /timeoutMs.*at most/],
  [{ leaseMs: -1 }, /leaseMs/],
  [{ laneTimeoutMs: Number.POSITIVE_INFINITY }, /laneTimeoutMs/],
  [{ retainHandledMs: 0 }, /retainHandledMs/],
  [{ pollMs: '1000' }, /pollMs/],
  [{ work: 'no' }, /work must be true or false/],
  [{ backoff: 1_000 }, /backoff must be a function/],
  [{ onError: true }, /onError must be a function/],
  [{ now: 0 }, /now must be a function/],
  [{ keepHeaders: 'cookie' }, /keepHeaders must be a list of names of headers/],
  [{ keepHeaders: [/cookie/] }, /keepHeaders must be a list of names of headers/],
  [{ keepHeaders: ['Cookie', 'x-trace'] }, /keepHeaders has "x-trace", which is none of .*There are: authorization, /],
  [{ concurency: 5 }, /concurency is not an option of this inbox. Did you mean concurrency?/],
  [{ path: 'a' }, /path is not an option of this inbox. There are: work, concurrency/],
  [null, /The options of this inbox must be an object/],
])('%o is refused with the name of the option', (options, message) => {
  expect(() => Reflect.apply(memoryInbox, undefined, [options])).toThrow(message);
  expect(() => Reflect.apply(memoryInbox, undefined, [options])).toThrow(
    expect.objectContaining({ code: 'invalid_options' }),
  );
});

it.each([
  ['drain', { maxms: 5 }, 'maxms is not an option of drain. Did you mean maxMs?'],
  ['close', { timeoutMs: 5 }, 'timeoutMs is not an option of close. There are: maxMs.'],
  ['prune', { before: new Date() }, 'before is not an option of prune. Did you mean handledBefore?'],
  ['replay', { names: 'grantex' }, 'names is not an option of a filter. Did you mean name?'],
  ['discard', { receivedfrom: new Date() }, 'receivedfrom is not an option of a filter. Did you mean receivedFrom?'],
] as const)('%s refuses a name that it does not have: %j', async (method, options, message) => {
  const inbox = memoryInbox({ work: false });
  const called = async () => Reflect.apply(inbox[method], inbox, [options]);
  await expect(called()).rejects.toMatchObject({ code: 'invalid_options', message });
  await inbox.close();
});

it('waits about a day in all before a delivery is a dead letter', () => {
  const { backoff, maxAttempts } = checkOptions({}, []);
  const waits = Array.from({ length: maxAttempts - 1 }, (_, index) => backoff(index + 1));
  expect(waits.slice(0, 3)).toEqual([15_000, 60_000, 240_000]);
  const hours = waits.reduce((sum, ms) => sum + ms, 0) / 3_600_000;
  expect(hours).toBeGreaterThan(20);
  expect(hours).toBeLessThan(28);
});

it('says the same error at most twice a minute, and another one at once', ({ onTestFinished }) => {
  const said: unknown[] = [];
  const { error } = console;
  console.error = (...words: unknown[]) => said.push(words[1]);
  onTestFinished(() => {
    console.error = error;
  });
  const { onError } = checkOptions({}, []);
  for (const message of ['a', 'a', 'b', 'a']) onError(new Error(message));
  expect(said.map((text) => String(text).split('\n')[0])).toEqual(['Error: a', 'Error: b']);
});

it.each([
  [
    'throws',
    () => {
      throw new Error('the logger is down');
    },
  ],
  [
    'rejects',
    async () => {
      throw new Error('the logger is down');
    },
  ],
])('an onError that %s ends nothing', async (_how, logger) => {
  const said = vi.spyOn(console, 'error').mockImplementation(() => undefined);
  const { onError } = checkOptions({ onError: logger }, []);
  onError(new Error('the store is down'));
  await vi.waitFor(() => expect(said).toHaveBeenCalledOnce());
  expect(said.mock.calls[0]?.[0]).toMatch(/onError of the inbox failed/);
  said.mockRestore();
});
