import { describe, expect, it, vi } from 'vitest';
import { inboxWith } from '../../../../test/suites/inbox-with.ts';
import { WebhookError } from '../error.ts';
import { storedKey } from '../event/key.ts';
import { cryptography } from '../proof/crypto.ts';
import { signBody } from '../proof/sign.ts';
import { grantex } from '../providers/grantex.ts';
import { createReceiver, type ReceiverOptions } from '../receiver.ts';
import type { OutcomeReport } from '../report/outcome.ts';
import type { Inbox, NewDelivery } from './inbox.ts';
import { memoryClaims } from './memory-claims.ts';

type Grantex = ReturnType<typeof grantex>;
type Options = ReceiverOptions<Grantex, string, Inbox>;

const secret = 'a secret for tests';
const event = { id: 'evt_1', type: 'grant.revoked', data: { grantId: 'grnt_1', cascade: true } };
const boom = new Error('boom');

const stored: Inbox['accept'] = async () => ({ id: 'dlv_1', isNew: true });

/** An inbox that stores in this way, and nothing else. */
function inboxThat(accept: Inbox['accept'], { lanes = true, register = () => {} }: Partial<Inbox> = {}): Inbox {
  return inboxWith({ accept, lanes, register });
}

/** A receiver with such an inbox, and what it stored, handled and reported. */
function set(accept: Inbox['accept'], options: Partial<Options> = {}) {
  const deliveries: NewDelivery[] = [];
  const reports: OutcomeReport[] = [];
  const handler = vi.fn();
  const receiver = createReceiver<Grantex, string, Inbox>({
    provider: grantex(),
    secret,
    on: { '*': handler },
    onOutcome: (report) => reports.push(report),
    inbox: inboxThat((delivery) => {
      deliveries.push(delivery);
      return accept(delivery);
    }),
    ...options,
  });
  const send = async (sent: unknown = event, { key = secret, tenant = '' } = {}) => {
    const body = typeof sent === 'string' ? sent : JSON.stringify(sent);
    const timestamp = Math.floor(Date.now() / 1_000);
    const headers = await signBody(grantex(), { body, secret: key, id: '', timestamp });
    return receiver.receive({ headers, body, request: tenant });
  };
  return { send, deliveries, reports, handler };
}

describe('a delivery is answered with 2xx', () => {
  it('once it is stored, and not before', async () => {
    let finish = () => {};
    const { send, deliveries, reports, handler } = set(
      () =>
        new Promise((resolve) => {
          finish = () => resolve({ id: 'dlv_1', isNew: true });
        }),
    );
    const replied = vi.fn();
    const reply = send().finally(replied);
    await vi.waitFor(() => expect(deliveries).toHaveLength(1));
    await new Promise((resolve) => setTimeout(resolve, 20));
    expect(replied).not.toHaveBeenCalled();
    expect(reports).toEqual([]);
    finish();
    expect(await reply).toMatchObject({ status: 202, outcome: 'stored' });
    expect(reports).toMatchObject([{ stage: 'receive', outcome: 'stored', inboxId: 'dlv_1', error: undefined }]);
    // That is the inbox's to do.
    expect(handler).not.toHaveBeenCalled();
  });

  it('or was stored before', async () => {
    const { send, reports } = set(async () => ({ id: 'dlv_0', isNew: false }));
    expect(await send()).toMatchObject({ status: 200, outcome: 'duplicate' });
    expect(reports).toMatchObject([{ outcome: 'duplicate', inboxId: 'dlv_0', error: undefined }]);
  });

  it('or nobody wants its type, and then it is not stored', async () => {
    const { send, deliveries } = set(stored, { on: { 'grant.created': () => {} } });
    expect(await send()).toMatchObject({ status: 200, outcome: 'ignored' });
    expect(deliveries).toEqual([]);
  });
});

it.each(['evt_1', 'e'.repeat(300), 'evt_\0', '\ud800', 'évt: 1'])(
  'storedKey is the key that an event with the id %j is stored under, for whichever owner',
  async (id) => {
    const owners = [secret, () => secret, ...['acme', 'a:b é'].map((owner) => () => ({ owner, secrets: secret }))];
    for (const option of owners) {
      const { send, deliveries } = set(stored, { secret: option });
      await send({ ...event, id });
      expect(deliveries).toHaveLength(1);
      expect(await storedKey(deliveries[0]?.owner, id)).toBe(deliveries[0]?.key);
    }
  },
);

describe('a delivery that could not be stored is answered with 503, and no handler runs:', () => {
  it.each<[what: string, accept: Inbox['accept']]>([
    ['accept rejects', () => Promise.reject(boom)],
    [
      'accept throws',
      () => {
        throw boom;
      },
    ],
  ])('%s', async (_what, accept) => {
    const { send, reports, handler } = set(accept);
    expect(await send()).toMatchObject({ status: 503, outcome: 'inbox_unavailable' });
    expect(reports[0]?.error).toMatchObject({ code: 'inbox_unavailable', cause: boom });
    expect(reports[0]?.inboxId).toBeUndefined();
    expect(handler).not.toHaveBeenCalled();
  });

  it('accept takes longer than timeoutMs', async () => {
    const { send, reports, handler } = set(() => new Promise(() => {}), { timeoutMs: 20 });
    expect(await send()).toMatchObject({ status: 503, outcome: 'inbox_unavailable' });
    expect(reports[0]?.durationMs).toBeGreaterThan(15);
    expect(reports[0]?.error?.cause).toMatchObject({ message: 'accept() took longer than timeoutMs (20 ms)' });
    expect(handler).not.toHaveBeenCalled();
  });

  it('accept rejects only after that', async () => {
    const { send } = set(() => new Promise((_resolve, reject) => setTimeout(reject, 30, boom)), { timeoutMs: 10 });
    expect(await send()).toMatchObject({ status: 503, outcome: 'inbox_unavailable' });
    // Vitest fails on a rejection that nobody handles.
    await new Promise((resolve) => setTimeout(resolve, 40));
  });
});

describe('what is stored', () => {
  it('is what came, under the receiver’s name, with what is known of the event', async () => {
    const { send, deliveries } = set(stored);
    await send();
    expect(deliveries).toEqual([
      {
        name: 'grantex',
        key: 'evt_1',
        type: 'grant.revoked',
        lane: undefined,
        headers: expect.any(Map),
        body: new TextEncoder().encode(JSON.stringify(event)),
      },
    ]);
    expect([...(deliveries[0]?.headers.keys() ?? [])]).toContain('x-grantex-signature-v2');
  });

  it('has the name that was given', async () => {
    const { send, deliveries } = set(stored, { receiverName: 'My_grants-2' });
    await send();
    expect(deliveries[0]?.name).toBe('My_grants-2');
  });

  it('has no key in common with the events of another tenant', async () => {
    const { send, deliveries } = set(stored, { secret: (tenant) => `the secret of ${tenant}` });
    for (const tenant of ['a', 'b', 'a']) await send(event, { tenant, key: `the secret of ${tenant}` });
    const [first, second, third] = deliveries.map(({ key }) => key);
    expect(first).toMatch(/evt_1$/);
    expect(second).toMatch(/evt_1$/);
    expect(second).not.toBe(first);
    expect(third).toBe(first);
  });

  it('is nothing that is not genuine', async () => {
    const { send, deliveries } = set(stored);
    expect(await send(event, { key: 'guessed' })).toMatchObject({ status: 401 });
    expect(deliveries).toEqual([]);
  });

  it.each([
    ['no event', { id: 'evt_1' }, undefined, undefined],
    ['an event whose data does not fit', { ...event, data: { cascade: 'yes' } }, 'grant.revoked', 'evt_1'],
  ])('may be %s: it is lost to nobody, and the report says what is wrong', async (_what, sent, type, key) => {
    const lane = vi.fn(() => 'a');
    const { send, deliveries, reports } = set(stored, { lane });
    expect(await send(sent)).toMatchObject({ status: 202, outcome: 'stored' });
    const unreadable = `unreadable:${await cryptography.sha256Hex(new TextEncoder().encode(JSON.stringify(sent)))}`;
    expect(deliveries).toMatchObject([{ type, key: key ?? unreadable, lane: undefined }]);
    expect(reports).toMatchObject([{ outcome: 'stored', status: 202, type, error: { code: 'invalid_event' } }]);
    expect(reports[0]?.diagnose).toBeUndefined();
    expect(lane).not.toHaveBeenCalled();
  });
});

describe('the lane', () => {
  const laneOf = ({ type, data }: { type: string; data: unknown }) => `${type} ${Object(data).grantId}`;

  it('is what the function says of the event', async () => {
    const { send, deliveries } = set(stored, { lane: laneOf });
    await send();
    expect(deliveries[0]?.lane).toBe('grant.revoked grnt_1');
  });

  it.each([undefined, ''])('is none where the function returns %j', async (returned) => {
    const { send, deliveries, reports } = set(stored, { lane: () => returned });
    await send();
    expect(deliveries).toMatchObject([{ lane: undefined }]);
    expect(reports[0]?.error).toBeUndefined();
  });

  it('that is long is hashed, so that a store can index it', async () => {
    const long = 'x'.repeat(257);
    const { send, deliveries } = set(stored, { lane: () => long });
    await send();
    expect(deliveries[0]?.lane).toBe(await cryptography.sha256Hex(new TextEncoder().encode(long)));
  });

  it('that throws is none, and the report says so', async () => {
    const lane = () => {
      throw boom;
    };
    const { send, deliveries, reports } = set(stored, { lane });
    expect(await send()).toMatchObject({ status: 202, outcome: 'stored' });
    expect(deliveries).toMatchObject([{ key: 'evt_1', lane: undefined }]);
    expect(reports).toMatchObject([{ outcome: 'stored', error: { code: 'handler_failed', cause: boom } }]);
  });

  it('that is not text is none, and the report says so', async () => {
    const { send, deliveries, reports } = set(stored, { lane: Object(() => 42) });
    expect(await send()).toMatchObject({ status: 202, outcome: 'stored' });
    expect(deliveries).toMatchObject([{ lane: undefined }]);
    expect(reports[0]?.error?.cause).toMatchObject({ message: expect.stringMatching(/returned a number$/) });
  });
});

describe('a receiver with an inbox', () => {
  it('registers once, when all its options are right', () => {
    const register = vi.fn<Inbox['register']>();
    const inbox = inboxThat(stored, { register });
    const wrong = { on: { 'grant.made': () => {} } };
    expect(() => createReceiver({ provider: grantex(), secret, inbox, ...Object(wrong) })).toThrow(WebhookError);
    expect(() => createReceiver({ provider: grantex(), secret: '', inbox, on: {} })).toThrow(WebhookError);
    expect(register).not.toHaveBeenCalled();
    createReceiver({ provider: grantex(), secret, inbox, on: {}, receiverName: 'grants' });
    createReceiver({ provider: grantex(), secret, inbox, on: {} });
    expect(register.mock.calls).toEqual([
      [{ name: 'grants', work: expect.any(Function) }],
      [{ name: 'grantex', work: expect.any(Function) }],
    ]);
  });

  it('needs no secret to work, and refuses what is delivered to it all the same', async () => {
    const register = vi.fn<Inbox['register']>();
    const accept = vi.fn(stored);
    const reports: OutcomeReport[] = [];
    const receiver = createReceiver({
      provider: grantex(),
      inbox: inboxThat(accept, { register }),
      on: { '*': () => {} },
      onOutcome: (report) => reports.push(report),
    });
    expect(register).toHaveBeenCalledOnce();
    const body = JSON.stringify(event);
    const headers = await signBody(grantex(), { body, secret, id: '', timestamp: Math.floor(Date.now() / 1_000) });
    expect(await receiver.receive({ headers, body })).toMatchObject({ status: 503, outcome: 'secret_unavailable' });
    expect(accept).not.toHaveBeenCalled();
    expect(reports).toMatchObject([{ error: { message: expect.stringMatching(/made without one/) } }]);
  });

  it('is told of a secret that is named and not there', () => {
    const named = { provider: grantex(), inbox: inboxThat(stored), on: {}, secret: process.env['NO_SUCH_SECRET'] };
    // As an app that compiles without exactOptionalPropertyTypes gives it.
    expect(() => Reflect.apply(createReceiver, undefined, [named])).toThrow(/^secret is undefined: is the environment/);
  });

  const inbox = inboxThat(stored);
  it.each<[what: string, options: object, message: RegExp]>([
    ['an inbox that is none', { inbox: memoryClaims() }, /^inbox must be what sqliteInbox/],
    ['an inbox that is a function', { inbox: () => inbox }, /^inbox must be/],
    ['an inbox that is null', { inbox: null }, /^inbox must be/],
    ['dedupe beside it', { inbox, dedupe: memoryClaims() }, /^dedupe has no use beside inbox/],
    ['dedupe: false beside it', { inbox, dedupe: false }, /^dedupe has no use beside inbox/],
    ['a lane without it', { lane: () => 'a' }, /^lane needs an inbox that keeps the order/],
    ['a lane that is not a function', { inbox, lane: 'a' }, /^lane must be a function/],
    [
      'a lane that it cannot keep',
      { inbox: inboxThat(stored, { lanes: false }), lane: () => 'a' },
      /^lane was given for grantex, but this inbox cannot keep the order/,
    ],
    ['an empty name', { inbox, receiverName: '' }, /^receiverName must be 1 to 64 letters/],
    ['a name that is too long', { inbox, receiverName: 'a'.repeat(65) }, /^receiverName must be/],
    ['a name with something else in it', { inbox, receiverName: 'grants.live' }, /^receiverName must be/],
    ['a name with a line break', { inbox, receiverName: 'grants\n' }, /^receiverName must be/],
    ['a name that is not text', { inbox, receiverName: 1 }, /^receiverName must be/],
  ])('is not made with %s', (_what, options, message) => {
    const make = () => createReceiver({ provider: grantex(), secret, on: {}, ...Object(options) });
    expect(make).toThrow(expect.objectContaining({ code: 'invalid_options', message: expect.stringMatching(message) }));
  });

  it('may have a lane that it can keep, and no lane where it keeps none', () => {
    const options = { provider: grantex(), secret, on: {} };
    expect(() => createReceiver({ ...options, inbox, lane: () => 'a', dedupe: undefined })).not.toThrow();
    expect(() => createReceiver({ ...options, inbox: inboxThat(stored, { lanes: false }) })).not.toThrow();
    expect(() =>
      createReceiver({ ...options, inbox: undefined, receiverName: undefined, lane: undefined }),
    ).not.toThrow();
  });
});
