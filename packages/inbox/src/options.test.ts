import { WebhookError } from '@hookproof/core';
import { describe, expect, it, vi } from 'vitest';
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
  [{ retainKeysMs: -1 }, /retainKeysMs must be a number of milliseconds, at least 0, and at most/],
  [{ retainKeysMs: Number.NaN }, /retainKeysMs/],
  [{ retainKeysMs: Number.POSITIVE_INFINITY }, /retainKeysMs/],
  [{ retainKeysMs: '365 days' }, /retainKeysMs/],
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

describe('a condition that is undefined', () => {
  const conditions = ['name', 'state', 'type', 'error', 'receivedFrom', 'receivedBefore'] as const;
  const delivery = { type: 't', owner: undefined, lane: undefined, headers: new Map(), body: new Uint8Array() };

  /** An inbox with dead letters of two receivers and one that was handled. */
  async function withDeadLetters() {
    const inbox = memoryInbox({ work: false, maxAttempts: 1 });
    for (const name of ['a', 'b', 'c']) {
      const error = name === 'c' ? undefined : new WebhookError('handler_failed', 'boom');
      inbox.register({ name, work: async ({ settle }) => (await settle(error)).outcome });
      await inbox.accept({ ...delivery, name, key: name });
    }
    await inbox.drain();
    return inbox;
  }
  const before = { waiting: 0, working: 0, handled: 1, dead: 2 };

  it.each(
    conditions.flatMap((condition) => [
      ['replay', condition],
      ['discard', condition],
    ]),
  )('is refused in %s, which would mean all: %s', async (method, condition) => {
    const inbox = await withDeadLetters();
    const call = async (filter: object) => Reflect.apply(Reflect.get(inbox, method), inbox, [filter]);
    const refused = {
      code: 'invalid_options',
      message: `${condition} of a filter is undefined: leave it out where all are meant.`,
    };
    await expect(call({ [condition]: undefined })).rejects.toMatchObject(refused);
    await expect(call({ type: 't', state: 'dead', [condition]: undefined })).rejects.toMatchObject(refused);
    expect(await inbox.counts()).toEqual(before);
    expect(await call({})).toBe(2);
    await inbox.close();
  });

  it('is refused in prune, as is anything but a Date', async () => {
    const inbox = await withDeadLetters();
    const prune = async (handledBefore: unknown) => Reflect.apply(inbox.prune, inbox, [{ handledBefore }]);
    await expect(prune(undefined)).rejects.toMatchObject({
      code: 'invalid_options',
      message: 'handledBefore of prune is undefined: leave it out where what was handled retainHandledMs ago is meant.',
    });
    for (const wrong of [null, Date.now(), '2030-01-01', new Date(Number.NaN)]) {
      await expect(prune(wrong)).rejects.toMatchObject({ message: 'handledBefore of prune must be a Date.' });
    }
    expect(await inbox.counts()).toEqual(before);
    expect(await prune(new Date(Date.now() + 60_000))).toBe(1);
    await inbox.close();
  });

  it('is fine where one only looks', async () => {
    const inbox = await withDeadLetters();
    const filter = Object.fromEntries(conditions.map((condition) => [condition, undefined]));
    let found = 0;
    for await (const _ of inbox.list(filter)) found += 1;
    expect(found).toBe(3);
    expect(await inbox.counts(undefined)).toEqual(before);
    await inbox.close();
  });

  it.each(conditions)('and one that is no condition is refused everywhere: %s', async (condition) => {
    const inbox = await withDeadLetters();
    for (const wrong of [null, 1, ['a'], {}]) {
      const refused = expect.objectContaining({ message: expect.stringMatching(new RegExp(`^${condition} `)) });
      const call = async (method: 'replay' | 'discard') =>
        Reflect.apply(inbox[method], inbox, [{ [condition]: wrong }]);
      await expect(call('replay')).rejects.toEqual(refused);
      await expect(call('discard')).rejects.toEqual(refused);
    }
    expect(await inbox.counts()).toEqual(before);
    await inbox.close();
  });
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

it('says it in lines of its own, whatever the error of a driver quotes', ({ onTestFinished }) => {
  const said = vi.spyOn(console, 'error').mockImplementation(() => undefined);
  onTestFinished(() => said.mockRestore());
  const { onError } = checkOptions({}, []);
  const cause = new Error('value "\u009b31m\u202e" is too long\nhookproof: all is well');
  onError(Object.assign(new Error('\u001b[2J\r%s', { cause }), { code: '\u0007', client: { password: 'secret' } }));
  const [what, text] = said.mock.calls[0] ?? [];
  expect(what).toBe('hookproof: the inbox:');
  const [first, ...others] = String(text).split('\n');
  expect(first).toBe('Error: \\u{1b}[2J\\u{d}%s (\\u{7})');
  expect(others).toContain('  caused by Error: value "\\u{9b}31m\\u{202e}" is too long\\u{a}hookproof: all is well');
  expect(others.filter((line) => !/^ {4}at | {2}caused by /.test(line))).toEqual([]);
  expect(text).not.toContain('secret');
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
