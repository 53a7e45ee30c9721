import { createHmac } from 'node:crypto';
import { runInNewContext } from 'node:vm';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { WebhookError } from '../error.ts';
import type { Outcome } from '../handling/progress.ts';
import { grantex } from '../providers/grantex.ts';
import { grantiva } from '../providers/grantiva.ts';
import { gravv } from '../providers/gravv.ts';
import { standardWebhooks } from '../providers/standard-webhooks.ts';
import { createReceiver } from '../receiver.ts';
import type { OutcomeReport } from '../report/outcome.ts';
import { verifyDelivery } from '../verify.ts';
import { cryptography } from './crypto.ts';
import type { SecretOption } from './secret.ts';
import { signBody } from './sign.ts';

const body = '{"event":"webhook.test","data":{}}';

function signedWith(secret: string | Uint8Array) {
  const mac = createHmac('sha256', secret).update(body).digest('hex');
  return { headers: { 'x-grantiva-signature': `sha256=${mac}` }, body };
}

function receiverWith(secret: SecretOption<string>) {
  const reports: OutcomeReport[] = [];
  const receiver = createReceiver({
    provider: grantiva(),
    secret,
    dedupe: false,
    on: { '*': () => {} },
    onOutcome: (report) => reports.push(report),
  });
  const outcomeOf = async (signingSecret: string | Uint8Array, request?: string): Promise<Outcome> => {
    const delivery = { ...signedWith(signingSecret), ...(request !== undefined && { request }) };
    return (await receiver.receive(delivery)).outcome;
  };
  return { ...receiver, outcomeOf, reports };
}

describe('a secret', () => {
  it('may be bytes of another realm, such as the sandbox of a test runner', async () => {
    const bytes: Uint8Array = runInNewContext('new Uint8Array([1, 2, 3])');
    expect(bytes).not.toBeInstanceOf(Uint8Array);
    for (const secret of [bytes, [bytes], () => bytes, () => [bytes]]) {
      expect(await receiverWith(secret).outcomeOf(Uint8Array.of(1, 2, 3))).toBe('handled');
    }
  });

  it('is used as the UTF-8 text it is, prefix, spaces and all', async () => {
    for (const secret of ['whsec_abc', ' spaced \n', 'ключ🔑', '0xff']) {
      expect(await receiverWith(secret).outcomeOf(secret)).toBe('handled');
      expect(await receiverWith(secret).outcomeOf(`${secret}x`)).toBe('signature_mismatch');
    }
    expect(await receiverWith('whsec_abc').outcomeOf('abc')).toBe('signature_mismatch');
    expect(await receiverWith(' spaced ').outcomeOf('spaced')).toBe('signature_mismatch');
  });

  it('may be bytes', async () => {
    const secret = Uint8Array.of(0, 255, 10, 32);
    expect(await receiverWith(secret).outcomeOf(secret)).toBe('handled');
    expect(await receiverWith(Buffer.from('text')).outcomeOf('text')).toBe('handled');
  });

  it('is copied: bytes that are wiped later do no harm', async () => {
    const secret = Uint8Array.of(1, 2, 3);
    const { outcomeOf } = receiverWith(secret);
    secret.fill(0);
    expect(await outcomeOf(Uint8Array.of(1, 2, 3))).toBe('handled');
    expect(await outcomeOf(secret)).toBe('signature_mismatch');
  });
});

describe('a list of secrets', () => {
  it('accepts each of them while they are rotated, wherever it stands', async () => {
    const { outcomeOf } = receiverWith(['new', Buffer.from('old'), 'oldest']);
    expect(await outcomeOf('new')).toBe('handled');
    expect(await outcomeOf('old')).toBe('handled');
    expect(await outcomeOf('oldest')).toBe('handled');
    expect(await outcomeOf('another')).toBe('signature_mismatch');
    expect(await outcomeOf('new,old,oldest')).toBe('signature_mismatch');
  });

  it('is read when the receiver is made', async () => {
    const list = ['new'];
    const { outcomeOf } = receiverWith(list);
    list.push('later');
    expect(await outcomeOf('later')).toBe('signature_mismatch');
  });
});

describe('a secret that is none', () => {
  it.each([
    ['zeros, which are the empty key of HMAC', new Uint8Array(32), 'nothing but zero bytes'],
    ['a zero as text', '\0'.repeat(20), 'nothing but zero bytes'],
    ['undefined in a template', `${undefined}`, 'the text "undefined"'],
    ['null in a template, with a line break', `${null}\n`, 'the text "null"'],
    ['an object in a template', `${{}}`, 'the text "[object Object]"'],
    ['a promise in a template', `${Promise.resolve()}`, 'the text "[object Promise]"'],
    ['no number in a template', `"${Number('a')}"`, 'the text "NaN"'],
  ])('is refused: %s', async (_what, secret, said) => {
    expect(() => receiverWith(secret)).toThrow(`secret is ${said}`);
    expect(() => receiverWith([secret])).toThrow(`secret[0] is ${said}`);
    const { outcomeOf, reports } = receiverWith(() => secret);
    expect(await outcomeOf('')).toBe('secret_unavailable');
    expect(reports[0]?.error?.message).toContain(`secret is ${said}`);
  });

  it.each(['whsec_undefined', 'whsec_null', 'whsec_[object Object]'])('is refused: %s', (secret) => {
    const make = () => createReceiver({ provider: standardWebhooks(), secret, on: {} });
    expect(make).toThrow(/^secret is the text/);
  });

  const key = Buffer.from('\xfb\xffSome bytes, whatever 12345', 'latin1');
  const usual = key.toString('base64');

  it.each([
    ['of the usual alphabet', usual],
    ['of the alphabet of URLs, without padding', key.toString('base64url')],
    ['of that alphabet, with padding', usual.replaceAll('+', '-').replaceAll('/', '_')],
  ])('of Standard Webhooks is base64 %s, with its prefix, with that of Supabase or without', async (_what, text) => {
    expect(usual).toMatch(/^\+\/.*==$/);
    const provider = standardWebhooks();
    const headers = await signBody(provider, { body, secret: key, id: 'msg_1', timestamp: 0 });
    for (const secret of [`whsec_${text}`, `v1,whsec_${text}`, text]) {
      const event = verifyDelivery(provider, { headers, body, secret, now: () => 0 });
      await expect(event).resolves.toMatchObject({ type: 'untyped' });
    }
  });

  it.each([
    'whsec_replace_me_with_the_secret_of_the_endpoint',
    'THE_SECRET_OF_THE_ENDPOINT_IN_THE_ENVIRONMENT',
    `whsec_whsec_${usual.replaceAll(/[+/]/g, 'A')}`,
    'v1,whsec_',
  ])('of Standard Webhooks is never taken for base64 where it is words, or has its prefix twice: %s', (secret) => {
    const make = () => createReceiver({ provider: standardWebhooks(), secret, on: {} });
    expect(make).toThrow(/^secret is not "whsec_" and base64: copy the secret whole from standard-webhooks/);
  });

  it('is refused for Standard Webhooks: a key of zeros in base64', () => {
    const secret = `whsec_${Buffer.alloc(32).toString('base64')}`;
    const make = () => createReceiver({ provider: standardWebhooks(), secret, on: {} });
    expect(make).toThrow(/^secret is nothing but zero bytes/);
  });
});

describe('a secret that is too short to be the provider’s', () => {
  const providers = [grantex(), grantiva(), gravv()];
  const shortSecret = 'fifteen letters';
  afterEach(() => void vi.unstubAllEnvs());

  it.each(providers)('is refused in production, for $name', (provider) => {
    vi.stubEnv('NODE_ENV', 'production');
    const make = (secret: string) => () => createReceiver({ provider, secret, on: {} });
    expect(make(shortSecret)).toThrow(
      `secret has 15 bytes, but needs at least 16: copy the secret whole from ${provider.name}`,
    );
    expect(make(`${shortSecret}.`)).not.toThrow();
  });

  it('works in a test, and nothing is said', async () => {
    const warn = vi.spyOn(console, 'warn');
    expect(await receiverWith('test').outcomeOf('test')).toBe('handled');
    expect(warn).not.toHaveBeenCalled();
    warn.mockRestore();
  });

  it('works in development, where it is told once, without the secret', async () => {
    vi.stubEnv('NODE_ENV', 'development');
    const warn = vi.spyOn(console, 'warn').mockImplementation(() => undefined);
    expect(await receiverWith('dev one').outcomeOf('dev one')).toBe('handled');
    expect(await receiverWith('dev two').outcomeOf('dev two')).toBe('handled');
    expect(warn.mock.calls).toEqual([
      [
        'hookproof: secret has 7 bytes, but needs at least 16: copy the secret whole from grantiva. In production it is refused.',
      ],
    ]);
    warn.mockRestore();
  });
});

describe('a secret function', () => {
  const tenants = new Map<string | undefined, string>([
    ['a', 'secret of a'],
    ['b', 'secret of b'],
  ]);

  it('gives the secret that belongs to the request', async () => {
    const { outcomeOf } = receiverWith((tenant) => tenants.get(tenant) ?? []);
    expect(await outcomeOf('secret of a', 'a')).toBe('handled');
    expect(await outcomeOf('secret of b', 'b')).toBe('handled');
    expect(await outcomeOf('secret of a', 'b')).toBe('signature_mismatch');
  });

  it('may be asynchronous, and give bytes or a list', async () => {
    expect(await receiverWith(async () => 'one').outcomeOf('one')).toBe('handled');
    expect(await receiverWith(async () => Buffer.from('one')).outcomeOf('one')).toBe('handled');
    expect(await receiverWith(async () => ['new', 'one']).outcomeOf('one')).toBe('handled');
  });

  it('that knows nobody has the body hashed all the same: how long it takes does not tell who has a secret', async () => {
    const { outcomeOf } = receiverWith((tenant) => tenants.get(tenant) ?? []);
    const compared = vi.spyOn(cryptography, 'equal');
    for (const tenant of ['a', 'nobody']) {
      compared.mockClear();
      expect(await outcomeOf('another secret', tenant)).toBe('signature_mismatch');
      expect(compared).toHaveBeenCalledOnce();
    }
    compared.mockRestore();
  });

  it('is asked for every delivery, once, with its request', async () => {
    const secret = vi.fn(() => 'one');
    const { outcomeOf } = receiverWith(secret);
    await outcomeOf('one', 'first request');
    await outcomeOf('another', 'second request');
    expect(secret.mock.calls).toEqual([['first request'], ['second request']]);
  });

  it('is not asked when the receiver is made', () => {
    const secret = vi.fn(() => 'one');
    receiverWith(secret);
    expect(secret).not.toHaveBeenCalled();
  });

  it.each<[what: string, delivery: object, outcome: Outcome]>([
    ['no signature header', { headers: {}, body }, 'missing_signature'],
    ['junk for a signature', { headers: { 'x-grantiva-signature': 'junk' }, body }, 'malformed_signature'],
    ['another method', { ...signedWith('one'), method: 'GET' }, 'method_not_allowed'],
    ['a body that is too large', { ...signedWith('one'), body: 'x'.repeat(1_048_577) }, 'body_too_large'],
  ])('is not asked for a delivery with %s', async (_what, delivery, outcome) => {
    const secret = vi.fn(() => 'one');
    const { receive } = receiverWith(secret);
    expect((await receive({ headers: {}, body, ...delivery })).outcome).toBe(outcome);
    expect(secret).not.toHaveBeenCalled();
  });

  it('is not asked for a delivery of which half the headers were stripped', async () => {
    const secret = vi.fn(() => 'one');
    const receiver = createReceiver({ provider: grantex(), secret, on: {} });
    const headers = { 'x-grantex-signature': `sha256=${'0'.repeat(64)}`, 'x-grantex-timestamp': '1795216193' };
    expect((await receiver.receive({ headers, body })).outcome).toBe('missing_signature');
    expect(secret).not.toHaveBeenCalled();
  });

  const boom = new Error('the vault is sealed');
  it.each<[what: string, secret: () => unknown, cause: unknown]>([
    [
      'throws',
      () => {
        throw boom;
      },
      boom,
    ],
    ['rejects', () => Promise.reject(boom), boom],
    ['returns undefined', () => undefined, expect.objectContaining({ code: 'invalid_options' })],
    ['returns an empty secret', () => ' ', expect.objectContaining({ code: 'invalid_options' })],
    ['returns a number', () => 7, expect.objectContaining({ code: 'invalid_options' })],
    ['resolves to nothing', async () => undefined, expect.objectContaining({ code: 'invalid_options' })],
  ])('that %s is secret_unavailable, so that the provider tries again', async (_what, secret, cause) => {
    const { receive, reports } = receiverWith(secret as SecretOption<string>);
    const reply = await receive(signedWith('one'));
    expect(reply).toMatchObject({ outcome: 'secret_unavailable', status: 503 });
    expect(reports).toEqual([
      expect.objectContaining({ outcome: 'secret_unavailable', error: expect.objectContaining({ cause }) }),
    ]);
    const [{ error } = {}] = reports;
    const reason = error?.cause instanceof WebhookError ? ` ${error.cause.message}` : '';
    expect(error?.message).toBe(`The secret function failed or returned no usable secret.${reason} ${error?.fix}`);
    expect(error?.message).not.toContain(boom.message);
  });

  it('that fails once does not fail the next delivery', async () => {
    const secret = vi.fn(() => 'one').mockImplementationOnce(() => Promise.reject(boom) as never);
    const { outcomeOf } = receiverWith(secret);
    expect(await outcomeOf('one')).toBe('secret_unavailable');
    expect(await outcomeOf('one')).toBe('handled');
  });
});
