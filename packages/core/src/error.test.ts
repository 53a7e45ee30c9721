import { createHmac } from 'node:crypto';
import { inspect } from 'node:util';
import { describe, expect, it } from 'vitest';
import { WebhookError, type WebhookErrorCode } from './error.ts';
import type { DeliveryInput } from './handling/progress.ts';
import type { Provider } from './provider.ts';
import { grantex } from './providers/grantex.ts';
import { grantiva } from './providers/grantiva.ts';
import { gravv } from './providers/gravv.ts';
import { standardWebhooks } from './providers/standard-webhooks.ts';
import { createReceiver, type ReceiverOptions } from './receiver.ts';

const secret = Buffer.alloc(32, 1).toString('base64');
const body = '{"event":"webhook.test","data":{},"timestamp":"2026-11-20T23:09:31Z"}';
const sign = (text: string) => ({
  'x-grantiva-signature': `sha256=${createHmac('sha256', secret).update(text).digest('hex')}`,
});
const never = () => new Promise<never>(() => {});
const fail = () => {
  throw new Error('boom');
};

async function errorOf(
  delivery: Partial<DeliveryInput<Request>>,
  options: Partial<ReceiverOptions<Provider>> = {},
): Promise<WebhookError | undefined> {
  const errors: (WebhookError | undefined)[] = [];
  const receiver = createReceiver<Provider>({
    provider: grantiva(),
    secret,
    on: { '*': () => {} },
    onOutcome: ({ error }) => errors.push(error),
    ...options,
  });
  await receiver.receive({ headers: sign(body), body, ...delivery });
  return errors[0];
}

const staleBody = '{}';
const staleHeaders = {
  'x-grantex-signature-v2': `sha256=${createHmac('sha256', secret).update(`1.${staleBody}`).digest('hex')}`,
  'x-grantex-timestamp': '1',
};
const standardHeaders = { 'webhook-signature': `v1,${Buffer.alloc(32).toString('base64')}` };

describe('the message of a rejection names the header or option, and where it can the fix:', () => {
  it.each<[WebhookErrorCode, string, Partial<DeliveryInput<Request>>, Partial<ReceiverOptions<Provider>>]>([
    ['missing_signature', 'The signature header is missing (x-grantiva-signature).', { headers: {} }, {}],
    [
      'missing_signature',
      'The signature header is missing (x-gravv-signature or x-signature).',
      { headers: {} },
      { provider: gravv() },
    ],
    [
      'missing_signature',
      'The signature header is missing (x-grantex-signature-v2 or x-grantex-signature).',
      { headers: {} },
      { provider: grantex() },
    ],
    [
      'missing_signature',
      'The header webhook-timestamp or svix-timestamp is missing.',
      { headers: standardHeaders },
      { provider: standardWebhooks() },
    ],
    [
      'malformed_signature',
      'The header x-grantiva-signature is not "sha256=" and 64 hex digits.',
      { headers: { 'x-grantiva-signature': 'x' } },
      {},
    ],
    [
      'malformed_signature',
      'The header webhook-signature is not "v1," and 32 bytes in base64.',
      { headers: { 'webhook-signature': 'x', 'webhook-timestamp': '1', 'webhook-id': 'x' } },
      { provider: standardWebhooks() },
    ],
    [
      'malformed_signature',
      'The header webhook-timestamp is not a time in seconds since 1970.',
      { headers: { ...standardHeaders, 'webhook-timestamp': 'x', 'webhook-id': 'x' } },
      { provider: standardWebhooks() },
    ],
    [
      'malformed_signature',
      'The header webhook-id is not 1 to 256 visible characters without ".".',
      { headers: { ...standardHeaders, 'webhook-timestamp': '1', 'webhook-id': 'x.y' } },
      { provider: standardWebhooks() },
    ],
    ['signature_mismatch', 'x-grantiva-signature', { body: '{}' }, {}],
    ['signature_mismatch', 'another endpoint of grantiva', { body: '{}' }, {}],
    ['method_not_allowed', 'POST', { method: 'GET' }, {}],
    ['body_too_large', 'maxBodyBytes (5 bytes)', {}, { maxBodyBytes: 5 }],
    ['body_timeout', 'bodyTimeoutMs (5 ms)', { body: never }, { bodyTimeoutMs: 5 }],
    ['body_incomplete', 'connection ended', { body: fail }, {}],
    ['body_consumed', 'never text or a parsed object', { body: JSON.parse(body) }, {}],
    ['unsupported_encoding', 'Content-Encoding', { headers: { 'content-encoding': 'gzip' } }, {}],
    ['invalid_body', 'not JSON', { body: '{', headers: sign('{') }, {}],
    ['invalid_event', 'no event of grantiva: "event" is missing', { body: '{}', headers: sign('{}') }, {}],
    ['handler_failed', 'A handler for "webhook.test" failed.', {}, { on: { '*': fail } }],
    [
      'handler_timeout',
      '"webhook.test" did not finish within timeoutMs (5 ms)',
      {},
      { on: { '*': never }, timeoutMs: 5 },
    ],
    ['claims_unavailable', 'dedupe', {}, { dedupe: { claim: fail } }],
    ['secret_unavailable', 'secret function', {}, { secret: fail }],
    ['secret_unavailable', 'The cause of this error is what it threw.', {}, { secret: fail }],
    ['secret_unavailable', 'Correct what it returns.', {}, { secret: () => '' }],
    ['secret_unavailable', 'It took longer than timeoutMs (5 ms).', {}, { secret: never, timeoutMs: 5 }],
    [
      'stale_delivery',
      'more than toleranceSeconds',
      { headers: staleHeaders, body: staleBody },
      { provider: grantex() },
    ],
  ])('%s: %s', async (code, part, delivery, options) => {
    const error = await errorOf(delivery, options);
    expect(error).toBeInstanceOf(WebhookError);
    expect(error?.code).toBe(code);
    expect(error?.message).toContain(part);
    // What is wrong with a signature only the diagnosis can tell; every other rejection says what to do.
    if (/_signature$|_mismatch$/.test(code)) return;
    expect(error?.fix).toMatch(/^[A-Z].+[.?]$/);
    expect(error?.message).toMatch(/^[A-Z].+[.] [A-Z]/);
    expect(error?.message.endsWith(` ${error.fix}`)).toBe(true);
  });

  it('handled but not recorded says what may happen', async () => {
    const claim = () => ({ state: 'taken', done: fail, release: () => {} }) as const;
    expect((await errorOf({}, { dedupe: { claim } }))?.message).toContain('a retry may run it again');
  });
});

describe('WebhookError', () => {
  it('is an Error with a name, a code and a cause', () => {
    const cause = new Error('boom');
    const error = new WebhookError('invalid_body', 'not JSON', { cause });
    expect(error).toBeInstanceOf(Error);
    expect(String(error)).toBe('WebhookError: not JSON');
    expect(error.code).toBe('invalid_body');
    expect(error.cause).toBe(cause);
    expect('cause' in new WebhookError('invalid_body', 'not JSON')).toBe(false);
  });

  it('is printed with its fix, and without one where it has none', () => {
    const bare = new WebhookError('signature_mismatch', 'The signature does not fit.');
    expect(bare.fix).toBeUndefined();
    expect('fix' in bare).toBe(false);
    expect(inspect(bare)).toMatch(/^WebhookError: The signature does not fit\./);
    expect(inspect(bare)).toMatch(/code: 'signature_mismatch'/);
    expect(inspect(bare)).not.toMatch(/fix/);
    expect(JSON.stringify(bare)).not.toMatch(/fix/);
    const fixed = new WebhookError('body_consumed', 'The body is gone.', { fix: 'Mount it earlier.' });
    expect(inspect(fixed)).toMatch(/fix: 'Mount it earlier\.'/);
  });

  it('is an instance by its mark, which no subclass, plain object or hostile proxy gets by accident', () => {
    class Refused extends WebhookError {}
    const error = new WebhookError('busy', 'Wait.');
    const refused = new Refused('busy', 'Wait.');
    expect([error instanceof WebhookError, error instanceof Refused]).toEqual([true, false]);
    expect([refused instanceof WebhookError, refused instanceof Refused]).toEqual([true, true]);
    const hostile = new Proxy(error, {
      get: () => {
        throw new Error('no property for you');
      },
    });
    const alike: unknown[] = [{ ...error }, structuredClone(error), { code: 'busy', message: 'Wait.' }, 'busy', null];
    for (const one of [...alike, hostile, WebhookError.prototype, new Error('busy')]) {
      expect(one instanceof WebhookError).toBe(false);
    }
  });
});
