import { createReceiver, grantex, grantiva, type Inbox, signBody } from '@hookproof/core';
import { memoryInbox } from '@hookproof/inbox';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';

/** What a terminal obeys, what begins a line, what turns the direction of writing, and what a format of console means. */
const unprintable = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}]/u;
const hostile = fc
  .array(
    fc.oneof(
      fc.constantFrom(
        '\n',
        '\r\n',
        '\u001b[2J',
        '\u001b]0;',
        '\u0007',
        '\u007f',
        '\u009b31m',
        '\u0085',
        '\u202e',
        '\u2066',
      ),
      fc.constantFrom('\u2028', '\u2029', '\ufeff', '\ud800', '\u0000', '%s', '%o', '%c', 'a'.repeat(5_000)),
      fc.constantFrom('\nhookproof: all is well', '\n    at evil (file:1:1)', '\n  caused by x', '@', 'grant.revoked'),
      fc.string({ maxLength: 10 }),
    ),
    { minLength: 1, maxLength: 6 },
  )
  .map((parts) => parts.join(''));

const secret = 'a secret of the test';
const error = vi.spyOn(console, 'error');
const warn = vi.spyOn(console, 'warn');
beforeEach(() => {
  for (const log of [error, warn]) log.mockReset().mockImplementation(() => undefined);
});
afterEach(() => void vi.unstubAllEnvs());

/** Checks all that was printed, and says how much that was. */
function checkPrinted(): number {
  const calls = [...error.mock.calls, ...warn.mock.calls];
  for (const [first, ...others] of calls) {
    // The first may be a format, so it is ours alone where there are others.
    if (others.length > 0) expect(first).toMatch(/^hookproof:(?: \w+ failed:)?$/);
    const lines = [first, ...others].map(String).join(' ').split('\n');
    expect(lines.filter((line) => unprintable.test(line))).toEqual([]);
    // No line but the first begins where a line of a log does.
    expect(lines.filter((line, index) => !(index === 0 ? /^hookproof: / : /^ {2}/).test(line))).toEqual([]);
    expect(lines.filter((line) => line.length > 3_000)).toEqual([]);
    expect([first, ...others].every((part) => typeof part === 'string')).toBe(true);
  }
  for (const log of [error, warn]) log.mockClear();
  return calls.length;
}

/** What is thrown by a handler that quotes what it got, in one of the ways in which people throw. */
const thrown = fc
  .tuple(fc.constantFrom('error', 'cause', 'code', 'name', 'stack', 'text', 'object'), hostile)
  .map(([how, text]) => {
    const plain = new Error(text);
    if (how === 'cause') return new TypeError('outer', { cause: plain });
    if (how === 'code' || how === 'name' || how === 'stack') return Object.assign(plain, { [how]: text });
    return how === 'text' ? text : how === 'object' ? { toString: () => text } : plain;
  });

const rounds = { numRuns: 150 };

describe.each(['development', 'production'])('in %s nothing from outside is printed raw', (mode) => {
  beforeEach(() => void vi.stubEnv('NODE_ENV', mode));

  /** Delivers a genuine event, whose handler fails, and works on it where there is an inbox. */
  async function deliver(event: object, fails: unknown, inbox?: Inbox) {
    const fail = () => {
      throw fails;
    };
    const base = { provider: grantex(), secret, on: { '*': fail } };
    const receiver = inbox === undefined ? createReceiver(base) : createReceiver({ ...base, inbox });
    const body = JSON.stringify(event);
    const timestamp = Math.floor(Date.now() / 1_000);
    const headers = await signBody(grantex({ signature: 'v2' }), { body, secret, id: '', timestamp });
    return receiver.receive({ headers, body });
  }

  it('when a handler fails', async () => {
    const property = fc.asyncProperty(hostile, hostile, thrown, async (id, type, fails) => {
      const event = { id, type: `new.${type.slice(0, 200)}`, createdAt: id, data: { text: type } };
      expect(await deliver(event, fails)).toMatchObject({ status: 500 });
      expect(checkPrinted()).toBe(1);
    });
    await fc.assert(property, rounds);
  });

  it('when attempts of an inbox fail, and the delivery is dead', async () => {
    const property = fc.asyncProperty(hostile, hostile, thrown, async (id, type, fails) => {
      const inbox = memoryInbox({ work: false, maxAttempts: 2, backoff: () => 0.001 });
      const event = { id, type: `new.${type.slice(0, 200)}`, createdAt: id, data: { text: type } };
      expect(await deliver(event, fails, inbox)).toMatchObject({ status: 202 });
      while ((await inbox.counts()).waiting > 0) await inbox.drain();
      expect(await inbox.counts()).toMatchObject({ dead: 1 });
      expect(checkPrinted()).toBe(2);
      await inbox.close();
    });
    await fc.assert(property, rounds);
  });

  it('when the data of an event does not fit, or its envelope', async () => {
    const property = fc.asyncProperty(hostile, fc.constantFrom('grant.revoked', 1, ''), async (text, type) => {
      const inbox = memoryInbox({ work: false });
      const event = { id: text, type, createdAt: text, data: { grantId: { [text]: text }, cascade: text } };
      expect(await deliver(event, undefined, inbox)).toMatchObject({ status: 202 });
      await inbox.drain();
      expect(checkPrinted()).toBe(1);
      await inbox.close();
    });
    await fc.assert(property, rounds);
  });

  it('when a delivery is refused, with hostile names and values of headers', async () => {
    const names = fc.constantFrom('x-grantiva-signature', 'x-hub-signature-256', 'content-type', 'content-encoding');
    const headers = fc.dictionary(fc.oneof(names, hostile), hostile, { maxKeys: 5 });
    let printed = 0;
    const property = fc.asyncProperty(headers, hostile, hostile, async (given, body, method) => {
      const receiver = createReceiver({ provider: grantiva(), secret, on: {} });
      const answered: Promise<unknown>[] = [];
      const waitUntil = (promise: Promise<unknown>) => void answered.push(promise);
      const reply = await receiver.receive({ headers: given, body, waitUntil, ...(body.length > 20 && { method }) });
      expect(reply.status).toBeGreaterThanOrEqual(400);
      await Promise.all(answered);
      printed += checkPrinted();
    });
    await fc.assert(property, rounds);
    if (mode === 'development') expect(printed).toBeGreaterThan(50);
    else expect(printed).toBe(0);
  });

  it('when onOutcome or wrap fails', async () => {
    const property = fc.asyncProperty(thrown, async (fails) => {
      const fail = () => {
        throw fails;
      };
      const receiver = createReceiver({ provider: grantiva(), secret, on: {}, onOutcome: fail, wrap: fail });
      await receiver.receive({ headers: {}, body: '' });
      expect(checkPrinted()).toBe(2);
    });
    await fc.assert(property, rounds);
  });
});
