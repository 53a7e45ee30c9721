import { defineProvider, grantex, grantiva, gravv, standardWebhooks } from '@hookproof/core';
import { describe, expect, it } from 'vitest';
import { behaviourOf } from './simulator/behaviours.ts';
import { type SimulatorOptions, simulateProvider } from './simulator.ts';

const url = 'http://127.0.0.1:9/webhooks';
const secret = 'a secret';

/** An error whose message holds these words. */
function refusal(...words: readonly string[]) {
  const message = { asymmetricMatch: (text: string) => words.every((word) => text.includes(word)) };
  return expect.objectContaining({ name: 'WebhookError', code: 'invalid_options', message });
}

describe('simulateProvider refuses', () => {
  it.each<[string, Readonly<Record<string, unknown>>]>([
    ['url', { url: 'localhost:3000/hooks' }],
    ['url', { url: 'ftp://localhost' }],
    ['url', { url: undefined }],
    ['url must hold no user', { url: 'http://user:pass@localhost' }],
    ['secret', { secret: '' }],
    ['secret', { secret: '  \n' }],
    ['secret', { secret: undefined }],
    ['secret', { secret: ['one', 'two'] }],
    ['secret', { secret: () => 'one' }],
    ['speed', { speed: 0 }],
    ['speed', { speed: -1 }],
    ['speed', { speed: Number.NaN }],
    ['speed', { speed: '600' }],
    ['speed must be higher', { speed: 1e-9 }],
    ['keepLast', { keepLast: -1 }],
    ['keepLast', { keepLast: 1.5 }],
    ['onAttempt', { onAttempt: 'log' }],
    ['now', { now: 1_795_216_193_000 }],
    ['ca', { ca: 7 }],
    ['behavior', { behavior: {} }],
    ['retries', { behaviour: { retries: 5 } }],
    ['behaviour', { behaviour: [] }],
    ['behaviour.timeoutMs', { behaviour: { timeoutMs: 0 } }],
    ['behaviour.timeoutMs', { behaviour: { timeoutMs: Number.POSITIVE_INFINITY } }],
    ['behaviour.delaysMs', { behaviour: { delaysMs: 60_000 } }],
    ['behaviour.delaysMs[1]', { behaviour: { delaysMs: [60_000, -1] } }],
    ['behaviour.delaysMs[0]', { behaviour: { delaysMs: [undefined] } }],
    ['behaviour.delivers', { behaviour: { delivers: [200] } }],
    ['behaviour.crashesOn', { behaviour: { crashesOn: 204 } }],
    ['behaviour.crashesOn', { behaviour: { crashesOn: ['204'] } }],
    ['behaviour.restartsMs', { behaviour: { restartsMs: 120_000 } }],
    ['behaviour.restartsMs[1]', { behaviour: { restartsMs: [1, -1] } }],
    ['behaviour.rebuild', { behaviour: { rebuild: {} } }],
    ['behaviour.userAgent', { behaviour: { userAgent: 7 } }],
    ['behaviour.userAgent', { behaviour: { userAgent: 'a\r\nb: c' } }],
    ['behaviour.headers', { behaviour: { headers: ['a b'] } }],
    ['behaviour.headers', { behaviour: { headers: 'Host' } }],
    ['behaviour.headers names host twice', { behaviour: { headers: ['Host', 'host', 'Content-Length'] } }],
    ['Content-Length or Transfer-Encoding', { behaviour: { headers: ['Host'] } }],
    ['Content-Length or Tr', { behaviour: { headers: ['Host', 'Content-Length', 'Transfer-Encoding'] } }],
    ['Host', { behaviour: { headers: ['Content-Length'] } }],
    ['faults.copies', { faults: { copies: 0 } }],
    ['faults.copies', { faults: { copies: 101 } }],
    ['faults.wrongSecret', { faults: { wrongSecret: 'yes' } }],
    ['faults.tamper', { faults: { tamper: 'headers' } }],
    ['faults.slowBodyMs', { faults: { slowBodyMs: -1 } }],
    ['faults.firstAttempts', { faults: { firstAttempts: 0 } }],
    ['faults.signedSecondsAgo', { faults: { signedSecondsAgo: 0.5 } }],
    ['duplicates', { faults: { duplicates: 2 } }],
    ["faults.tamper cannot be 'id'", { faults: { tamper: 'id' } }],
    [
      'faults.withoutSignature leaves nothing for faults.wrongSecret',
      { faults: { withoutSignature: true, wrongSecret: true } },
    ],
    [
      'faults.withoutSignature leaves nothing for faults.tamper',
      { faults: { withoutSignature: true, tamper: 'signature' } },
    ],
  ])('%s in %j', (word, wrong) => {
    const make = () => simulateProvider(grantex(), { url, secret, ...wrong } as SimulatorOptions);
    expect(make).toThrow(refusal(word));
  });

  it('a time that the provider does not sign', () => {
    const make = (faults: SimulatorOptions['faults']) => () => simulateProvider(grantiva(), { url, secret, faults });
    expect(make({ tamper: 'timestamp' })).toThrow(refusal('faults.tamper', 'timestamp', 'grantiva signs none'));
    expect(make({ signedSecondsAgo: 600 })).toThrow(refusal('faults.signedSecondsAgo', 'grantiva signs no time'));
  });

  it.each(['no base64!', 'whsec_c2hvcnQ=', 'whsec_'])('%j as a secret of Standard Webhooks', (wrong) => {
    expect(() => simulateProvider(standardWebhooks(), { url, secret: wrong })).toThrow(
      refusal('secret', 'whsec_', '24'),
    );
  });

  it('a factory instead of a provider', () => {
    const provider: unknown = grantex;
    expect(() => simulateProvider(provider as ReturnType<typeof grantex>, { url, secret })).toThrow(
      refusal('provider'),
    );
  });
});

describe('send and sendAll refuse', () => {
  const sender = simulateProvider(grantex(), { url, secret });
  it.each<[string, unknown, object?]>([
    ['samples of grant.created, grant.revoked, token.issued', 'grant.unknown'],
    ['event', { body: { circle: 1n } }],
    ['event', 7],
    ['event', null],
    ['event', {}],
    ['event.headers["a?b"]', { body: '{}', headers: { 'a b': 'c' } }],
    ['event.headers["a"]', { body: '{}', headers: { a: 'b\r\nc: d' } }],
    ['event.headers["a"]', { body: '{}', headers: { a: 7 } }],
    ['id', undefined, { id: 'a b' }],
    ['signal', undefined, { signal: {} }],
    ['retries', undefined, { retries: 5 }],
    ['faults.copies', undefined, { faults: { copies: -1 } }],
  ])('%s', async (word, event, options) => {
    await expect(sender.send(event as string, options)).rejects.toThrow(refusal(word));
  });

  it.each<[string, object]>([
    ['concurrency', { concurrency: 0 }],
    ['ratePerSecond', { ratePerSecond: 0 }],
    ['order', { order: 'random' }],
    ['seed', { seed: -1 }],
    ['id', { id: 'one' }],
    ['signal', { signal: {} }],
  ])('%s in %j', async (word, options) => {
    await expect(sender.sendAll(['grant.created'], options)).rejects.toThrow(refusal(word));
  });

  it('an unknown event among many before anything is sent', async () => {
    await expect(sender.sendAll(['grant.created', 'grant.unknown'])).rejects.toThrow(refusal('event'));
    expect(sender.log).toEqual([]);
  });

  it('an id that no header can carry', async () => {
    const sender = simulateProvider(standardWebhooks(), { url, secret: `whsec_${btoa('s'.repeat(32))}` });
    const event = { type: 'user.created', id: 'a\r\nb: c', data: {} };
    await expect(sender.send(event)).rejects.toThrow(refusal('event["id"]'));
  });

  it('nothing, where there is no sample', async () => {
    const acme = defineProvider({
      name: 'acme',
      signature: { header: 'a', encoding: 'hex' },
      envelope: { type: 'type', data: 'data' },
    });
    await expect(simulateProvider(acme, { url, secret }).send()).rejects.toThrow(refusal('event', 'acme'));
  });
});

it('no message tells the secret', () => {
  const wrong = 'whsec_not/base64/and/very/secret!';
  expect(() => simulateProvider(standardWebhooks(), { url, secret: wrong })).toThrow(
    expect.objectContaining({ message: expect.not.stringContaining('very') }),
  );
});

it('each provider waits as long for a reply as its documents say, or is guessed', () => {
  const waits = [grantex(), grantiva(), gravv(), standardWebhooks()].map((one) => behaviourOf(one).timeoutMs);
  expect(waits).toEqual([10_000, 10_000, 10_000, 15_000]);
});
