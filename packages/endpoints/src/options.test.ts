import { describe, expect, it } from 'vitest';
import { grantexEndpoints } from './grantex.ts';
import { checkOptions, delayAfter } from './options.ts';

const apiKey = 'gx_key';
const made = (options: object) => () => grantexEndpoints({ apiKey, ...options });

describe('wrong options name the option', () => {
  it.each([
    [{ timeoutMs: 0 }, 'timeoutMs'],
    [{ timeoutMs: Number.NaN }, 'timeoutMs'],
    [{ timeoutMs: 2 ** 31 }, 'timeoutMs'],
    [{ timeoutMs: '10' }, 'timeoutMs'],
    [{ maxAttempts: 0 }, 'maxAttempts'],
    [{ maxAttempts: 1.5 }, 'maxAttempts'],
    [{ backoff: 500 }, 'backoff'],
    [{ fetch: {} }, 'fetch'],
    [{ timeout: 5 }, 'timeout is not an option of grantexEndpoints. Did you mean timeoutMs?'],
    [{ token: 'gpat_1' }, 'token is not an option of grantexEndpoints. There are: apiKey, baseUrl, fetch, '],
    [{ apiKey: undefined }, 'apiKey is not text'],
    [{ apiKey: '' }, 'apiKey is empty'],
    [{ apiKey: ' \n' }, 'apiKey is empty'],
    [{ apiKey: 'a\n' }, 'apiKey ends in a line break'],
    [{ apiKey: ' a' }, 'apiKey has space around it'],
    [{ apiKey: 'a b' }, 'apiKey has a space in it'],
    [{ apiKey: 'Bearer a' }, 'Leave "Bearer" out'],
    [{ apiKey: 'a\u0000b' }, 'apiKey has a control character'],
    [{ apiKey: 'a…' }, 'not ASCII'],
    [{ apiKey: 'whsec_abc' }, 'apiKey is a signing secret'],
  ])('%j', (options, message) => {
    expect(made(options)).toThrow(message);
    expect(made(options)).toThrow(expect.objectContaining({ code: 'invalid_options', fix: expect.any(String) }));
  });

  it.each([undefined, null, 'key', []])('%j in place of options', (options) => {
    const given: object = { options };
    expect(() => Reflect.apply(grantexEndpoints, undefined, Object.values(given))).toThrow(
      'The options of grantexEndpoints must be an object',
    );
  });
});

it('the waits between attempts double from half a second, and grow to 30 seconds, give or take a fifth', () => {
  const { backoff } = checkOptions('the client', {}, {});
  for (const [attempt, ms] of [
    [1, 500],
    [2, 1_000],
    [6, 16_000],
    [7, 30_000],
    [50, 30_000],
  ] as const) {
    const waits = Array.from({ length: 50 }, () => delayAfter(attempt, backoff));
    expect(Math.min(...waits)).toBeGreaterThanOrEqual(ms * 0.8);
    expect(Math.max(...waits)).toBeLessThanOrEqual(ms * 1.2);
  }
});
