import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import type { SignatureScheme } from '../proof/scheme.ts';
import { signBody } from '../proof/sign.ts';
import { defineProvider, type Provider } from '../provider.ts';
import { createReceiver } from '../receiver.ts';
import type { OutcomeReport } from '../report/outcome.ts';
import { verifyDelivery } from '../verify.ts';
import type { WebhookEvent } from './event.ts';
import type { EnvelopeFields } from './format.ts';

const secret = 'a secret for tests of headers';
const sha256 = (text: string) => createHash('sha256').update(text).digest('hex');
const bodyAlone: SignatureScheme = { header: 'x-hub-signature-256', encoding: 'hex', prefix: 'sha256=' };

function define(envelope: EnvelopeFields, signature: SignatureScheme | readonly SignatureScheme[] = bodyAlone) {
  return defineProvider({ name: 'acme', signature, envelope });
}

const github = () => define({ id: { header: 'X-GitHub-Delivery' }, type: { header: 'X-GitHub-Event' } });

type Sent = readonly [body: string, headers: Record<string, string>];

const signed = async (provider: Provider, [body, headers]: Sent) => ({
  body,
  headers: {
    ...(await signBody(provider, { body, secret, id: headers['x-id'] ?? 'msg_1', timestamp: Date.now() / 1000 })),
    ...headers,
  },
});

/** What handlers get of some deliveries, and what becomes of each. */
async function deliver(provider: Provider, ...deliveries: readonly Sent[]) {
  const [events, reports]: [WebhookEvent[], OutcomeReport[]] = [[], []];
  const receiver = createReceiver({
    provider,
    secret,
    on: { '*': (event: WebhookEvent) => events.push(event) },
    onOutcome: (report) => reports.push(report),
  });
  for (const sent of deliveries) await receiver.receive(await signed(provider, sent));
  return { events, outcomes: reports.map(({ outcome }) => outcome), keys: reports.map(({ key }) => key), reports };
}

const bodyOf = (fields: object) => JSON.stringify(fields);
const named = (type: string, id = 'one') => ({ 'x-github-event': type, 'x-github-delivery': id });

describe('a type that comes from a header', () => {
  it('wins over whatever the body happens to have in fields of that name', async () => {
    const body = bodyOf({ type: 'User', event: 'opened', action: 'opened', id: 7, data: { other: true } });
    const { events, outcomes } = await deliver(github(), [body, named('push')]);
    expect(outcomes).toEqual(['handled']);
    expect(events).toMatchObject([{ type: 'push', id: 'one', data: JSON.parse(body), envelope: JSON.parse(body) }]);
  });

  it('is read in whatever case the header is described and comes', async () => {
    const { events } = await deliver(github(), ['{}', { 'X-GITHUB-EVENT': 'push', 'X-GitHub-Delivery': 'one' }]);
    expect(events).toMatchObject([{ type: 'push', id: 'one' }]);
  });

  it.each<[what: string, headers: Record<string, string>, said: string]>([
    ['left out', { 'x-github-delivery': 'one' }, 'the header x-github-event is missing'],
    ['empty', named(''), 'the header x-github-event is not a string of 1 to 256 characters'],
    ['too long', named('x'.repeat(257)), 'the header x-github-event is not a string of 1 to 256 characters'],
  ])('and is %s makes no event, and the body is not asked', async (_what, headers, said) => {
    const { outcomes, reports } = await deliver(github(), [bodyOf({ type: 'push' }), headers]);
    expect(outcomes).toEqual(['invalid_event']);
    expect(reports[0]?.error?.message).toContain(said);
  });

  it('of a field is never taken from a header of that name', async () => {
    const { events } = await deliver(define({ type: 'type', data: 'data' }), [
      bodyOf({ type: 'of.the.body', data: 1 }),
      { type: 'of.the.header', data: '2' },
    ]);
    expect(events).toMatchObject([{ type: 'of.the.body', data: 1 }]);
  });

  it('reaches whoever verifies by hand', async () => {
    const delivery = await signed(github(), [bodyOf({ type: 'User' }), named('issues', 'two')]);
    expect(await verifyDelivery(github(), { ...delivery, secret })).toMatchObject({ type: 'issues', id: 'two' });
  });
});

describe('the key of an id that comes from a header, which is not signed,', () => {
  const body = bodyOf({ action: 'opened' });

  it('is made of the body too: another body under that id is another event', async () => {
    const other = bodyOf({ action: 'closed' });
    const { outcomes, keys } = await deliver(
      github(),
      ...[body, body, other].map((one): Sent => [one, named('push')]),
      [body, named('push', 'two')],
    );
    expect(outcomes).toEqual(['handled', 'duplicate', 'handled', 'handled']);
    expect(keys[0]).toBe(`${sha256(body)}:one`);
  });

  it('counts 8 ids of one body: whoever has captured a delivery cannot make any number of events of it', async () => {
    const many = Array.from({ length: 50 }, (_, index): Sent => [body, named('push', `id ${index}`)]);
    const { outcomes } = await deliver(github(), ...many, ...many);
    expect(outcomes.slice(0, 8)).toEqual(Array(8).fill('handled'));
    expect(new Set(outcomes.slice(8))).toEqual(new Set(['duplicate']));
  });

  it('does not hold the type: a captured delivery under another type is a duplicate', async () => {
    const { outcomes } = await deliver(github(), [body, named('push')], [body, named('repository.deleted')]);
    expect(outcomes).toEqual(['handled', 'duplicate']);
  });

  it('is the hash alone of a body that carries a timestamp, whatever the header says', async () => {
    const provider = define({ id: { header: 'x-id' }, type: 'type', timestamp: 'at', data: 'data' });
    const timed = bodyOf({ type: 'a', at: '2026-11-20T23:09:31Z' });
    const { outcomes, keys } = await deliver(provider, [timed, { 'x-id': 'one' }], [timed, { 'x-id': 'two' }]);
    expect(outcomes).toEqual(['handled', 'duplicate']);
    expect(keys[0]).toBe(sha256(timed));
  });

  it('is none where the header is not there: nothing tells a retry from a second event', async () => {
    const without: Sent = [body, { 'x-github-event': 'push' }];
    expect(await deliver(github(), without, without)).toMatchObject({
      outcomes: ['handled', 'handled'],
      keys: [undefined, undefined],
    });
  });

  const signsId: SignatureScheme = { ...bodyAlone, signs: '{id}.{body}', id: { header: 'X-Id' } };

  it('is the id alone where every scheme signs it, and nothing bounds it', async () => {
    const provider = define({ id: { header: 'x-ID' }, type: { header: 'x-type' } }, signsId);
    const many = Array.from({ length: 20 }, (_, index): Sent => [body, { 'x-id': `id-${index}`, 'x-type': 'a' }]);
    const { outcomes, keys } = await deliver(provider, ...many);
    expect(new Set(outcomes)).toEqual(new Set(['handled']));
    expect(keys[0]).toBe('id-0');
  });

  it('is made of the body too where one of the schemes does not sign it', async () => {
    const other: SignatureScheme = { ...bodyAlone, header: 'x-other' };
    const provider = define({ id: { header: 'x-id' }, type: { header: 'x-type' } }, [signsId, other]);
    const { keys } = await deliver(provider, [body, { 'x-id': 'id-1', 'x-type': 'a' }]);
    expect(keys).toEqual([`${sha256(body)}:id-1`]);
  });
});

describe('a time that comes from a header', () => {
  const provider = define({ id: 'id', type: 'type', timestamp: { header: 'x-triggered-at' }, data: 'data' });
  const at = { 'x-triggered-at': '2026-11-20T23:09:31.5Z' };

  it('is the time of the event', async () => {
    const { events } = await deliver(provider, [bodyOf({ id: 'evt_1', type: 'a', 'x-triggered-at': 'no' }), at]);
    expect(events).toMatchObject([{ timestamp: new Date('2026-11-20T23:09:31.5Z') }]);
  });

  it('is nothing that maxEventAgeSeconds could go by, because a replay can have any', () => {
    const make = () => createReceiver({ provider, secret, on: {}, maxEventAgeSeconds: 60 });
    expect(make).toThrow(/^maxEventAgeSeconds needs a signed time, and acme has it in a header/);
  });

  it('makes no key, because two genuine events can have the same body', async () => {
    const body = bodyOf({ type: 'a' });
    expect(await deliver(provider, [body, at], [body, at])).toMatchObject({
      outcomes: ['handled', 'handled'],
      keys: [undefined, undefined],
    });
    const identified = bodyOf({ id: 'evt_1', type: 'a' });
    expect((await deliver(provider, [identified, at], [identified, {}])).outcomes).toEqual(['handled', 'duplicate']);
    const bothInHeaders = define({ id: { header: 'x-id' }, type: 'type', timestamp: { header: 'x-triggered-at' } });
    const { keys } = await deliver(bothInHeaders, [body, { ...at, 'x-id': 'one' }]);
    expect(keys).toEqual([`${sha256(body)}:one`]);
  });
});

describe('data', () => {
  it('is the whole body where the envelope names no field of it', async () => {
    const { events } = await deliver(define({ type: 'event' }), [bodyOf({ event: 'a', amount: 5 }), {}]);
    expect(events).toMatchObject([{ type: 'a', data: { event: 'a', amount: 5 } }]);
  });
});

describe('defineProvider refuses an envelope', () => {
  it.each<[what: string, envelope: unknown, said: RegExp]>([
    ['that is not there', undefined, /^The options of envelope in defineProvider\("acme"\) must be an object/],
    ['without a type', { data: 'data' }, /envelope\.type must name a field or, but for data, be \{ header \}/],
    ['whose type has no name', { type: '' }, /envelope\.type must name a field or, but for data, be \{ header \}/],
    ['whose type is a number', { type: 7 }, /envelope\.type must name a field/],
    ['whose header has no name', { type: { header: '' } }, /envelope\.type must name a field/],
    ['whose header is a list', { type: { header: ['a', 'b'] } }, /envelope\.type must name a field/],
    [
      'with a misspelt name',
      { type: { haeder: 'x-type' } },
      /envelope\.type must name a field or, but for data, be \{ header \}/,
    ],
    ['with an id of null', { type: 'type', id: null }, /envelope\.id must name a field/],
    ['with data of a header', { type: 'type', data: { header: 'x-data' } }, /envelope\.data must name a field/],
  ])('%s', (_what, envelope, said) => {
    const make = () => Reflect.apply(defineProvider, undefined, [{ name: 'acme', signature: bodyAlone, envelope }]);
    expect(make).toThrow(said);
  });
});
