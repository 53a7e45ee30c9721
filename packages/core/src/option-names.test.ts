import { describe, expect, it } from 'vitest';
import { WebhookError } from './error.ts';
import { checkNames } from './option-names.ts';

const names = {
  on: true,
  lane: true,
  inbox: true,
  inboxLanes: true,
  timeoutMs: true,
  bodyTimeoutMs: true,
  receiverName: true,
  now: true,
} as const;

function messageFor(given: unknown): string {
  try {
    // Whoever calls from JavaScript may give anything.
    checkNames('thing', given as object, names);
  } catch (error) {
    if (error instanceof WebhookError && error.code === 'invalid_options') return error.message;
    throw error;
  }
  return 'fine';
}

describe('the names of options', () => {
  it('may all be given, or none, whatever the values', () => {
    expect(messageFor({})).toBe('fine');
    expect(messageFor({ ...names, lane: undefined })).toBe('fine');
    expect(messageFor(Object.create({ inherited: true }))).toBe('fine');
  });

  it.each<[given: string, meant: string | undefined, why: string]>([
    ['timeoutMS', 'timeoutMs', 'another case'],
    ['lanes', 'lane', 'a letter too many'],
    ['nam', 'receiverName', 'a part of it'],
    ['name', 'receiverName', 'the last word of it, and not lane, which is two letters away'],
    ['timeout', 'timeoutMs', 'the beginning of it, and not bodyTimeoutMs, which holds it as well'],
    ['bodyTimeuotMs', 'bodyTimeoutMs', 'two letters in the wrong order'],
    ['inboxLanse', 'inboxLanes', 'two letters of many, and not inbox, which it holds'],
    ['index', 'inbox', 'two wrong letters'],
    ['nwo', undefined, 'half of it is wrong'],
    ['x', undefined, 'one letter, which is near everything that is short'],
    ['concurrency', undefined, 'a word with "on" in it'],
    ['retries', undefined, 'a word that is near none'],
  ])('%s leads to %s: %s', (given, meant, _why) => {
    const all = 'There are: on, lane, inbox, inboxLanes, timeoutMs, bodyTimeoutMs, receiverName, now.';
    const fix = meant === undefined ? all : `Did you mean ${meant}?`;
    expect(messageFor({ inbox: 1, [given]: undefined })).toBe(`${given} is not an option of thing. ${fix}`);
  });

  it.each(['constructor', 'toString', '__proto__', 'hasOwnProperty'])('%s is not among them', (given) => {
    const options = Object.defineProperty({}, given, { value: 1, enumerable: true });
    expect(messageFor(options)).toMatch(`${given} is not an option of thing.`);
  });

  it('are shown by their first 64 letters', () => {
    expect(messageFor({ ['z'.repeat(1_000_000)]: 1 })).toMatch(`${'z'.repeat(64)} is not an option of thing.`);
  });

  it.each([undefined, null, 'a secret', 42, ['lane'], () => names])(
    'are those of an object, and %j is none',
    (given) => {
      expect(messageFor(given)).toBe(
        'The options of thing must be an object, such as { on: … }. There are: on, lane, inbox, inboxLanes, timeoutMs, bodyTimeoutMs, receiverName, now.',
      );
    },
  );
});
