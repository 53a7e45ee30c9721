import { createHash, createHmac } from 'node:crypto';
import { describe, expect, it, vi } from 'vitest';
import { WebhookError } from '../error.ts';
import { memoryClaims } from '../handling/memory-claims.ts';
import { createReceiver } from '../receiver.ts';
import type { OutcomeReport } from '../report/outcome.ts';
import { verifyDelivery, verifySignature } from '../verify.ts';
import { type GrantivaOptions, grantiva } from './grantiva.ts';

const secret = 'whsec_abc123';
const sha256 = (text: string) => createHash('sha256').update(text).digest('hex');
const signatureOf = (text: string) => `sha256=${createHmac('sha256', secret).update(text).digest('hex')}`;
const timestamp = '2026-03-01T12:00:00Z';

function read(event: object, headers: Record<string, string> = {}) {
  const body = JSON.stringify(event);
  return verifyDelivery(grantiva(), {
    headers: { 'x-grantiva-signature': signatureOf(body), ...headers },
    body,
    secret,
  });
}

async function codeOf(event: object, headers?: Record<string, string>): Promise<string> {
  const error = await read(event, headers).catch((thrown: unknown) => thrown);
  return error instanceof WebhookError ? error.code : 'an event';
}

describe('the signature of Grantiva', () => {
  const body = '{"event":"device.new","data":{"device_id":"d"}}';

  it('is made with the whole secret as text, its prefix too', async () => {
    const verify = (mac: string) => verifySignature(grantiva(), { body, signature: `sha256=${mac}`, secret });
    expect(await verify(createHmac('sha256', 'whsec_abc123').update(body).digest('hex'))).toBe(true);
    expect(await verify(createHmac('sha256', 'abc123').update(body).digest('hex'))).toBe(false);
    const decoded = Buffer.from('abc123', 'base64');
    expect(await verify(createHmac('sha256', decoded).update(body).digest('hex'))).toBe(false);
  });

  it('covers the raw body: what JSON.stringify makes of the parsed one does not pass', async () => {
    const raw = '{"event": "device.new", "data": {"device_id": "d"}}';
    const signature = signatureOf(raw);
    expect(await verifySignature(grantiva(), { body: raw, signature, secret })).toBe(true);
    expect(await verifySignature(grantiva(), { body: JSON.stringify(JSON.parse(raw)), signature, secret })).toBe(false);
  });
});

/** Each event as current traffic sends it, in strings, and what handlers get. */
const samples: [type: string, sent: Record<string, string>, got: Record<string, unknown>][] = [
  ['device.new', { device_id: 'd', device_model: 'iPhone17,1', key_id: 'k', os_version: '19.1' }, {}],
  [
    'device.high_risk',
    { device_id: 'd', key_id: 'k', risk_score: '82', threshold: '75' },
    { risk_score: 82, threshold: 75 },
  ],
  [
    'device.high_risk',
    { device_id: '', device_model: 'm', jailbreak_detected: 'true', key_id: 'k', os_version: '19.1', risk_score: '82' },
    { risk_score: 82, jailbreak_detected: true },
  ],
  ['device.attestation_failed', { bundle_id: 'com.example.app', key_id: 'k', reason: 'challenge_mismatch' }, {}],
  ['attestation.anomaly', { anomalies: 'counter_rollback,new_region', device_id: 'd', key_id: 'k' }, {}],
  [
    'attestation.completed',
    {
      attestation_id: 'a',
      bundle_id: 'com.example.app',
      device_id: 'd',
      device_model: 'iPhone17,1',
      is_test: 'false',
      key_id: 'k',
      risk_score: '7.5',
    },
    { is_test: false, risk_score: 7.5 },
  ],
  [
    'device.attested.first',
    { app_id: 'a', bundle_id: 'b', device_risk_score: '12', team_id: 't' },
    { device_risk_score: 12 },
  ],
  ['flag.created', { flag_key: 'new-checkout', tenant_id: 't' }, {}],
  ['flag.deleted', { flag_key: 'new-checkout', tenant_id: 't' }, {}],
  ['flag.updated', { flag_key: 'new-checkout', is_active: 'true', tenant_id: 't' }, { is_active: true }],
  [
    'flag.updated',
    { environment: 'production', flag_key: 'new-checkout', is_active: 'false', tenant_id: 't' },
    { is_active: false },
  ],
  ...['subscription.changed', 'subscription.expired', 'subscription.refunded'].map(
    (type): [string, Record<string, string>, Record<string, unknown>] => [
      type,
      {
        auto_renew: 'true',
        environment: 'production',
        event_id: 'e',
        expires_at: '',
        interval: 'month',
        product_id: 'p',
        source: 'app_store',
        source_subscription_id: 's',
        status: 'active',
        subject_id: 'user_4821',
        tier: 'pro',
      },
      { auto_renew: true },
    ],
  ),
  ['webhook.test', { message: 'hello' }, {}],
  ['risk_threshold_exceeded', { device_id: 'd', risk_score: '91' }, {}],
  ['device_blocked', { reason: 'risk_score' }, {}],
];

describe('an event of Grantiva', () => {
  it.each(samples)('%s has numbers and booleans where strings were sent: %j', async (type, sent, got) => {
    const event = await read({ data: sent, event: type, timestamp });
    expect(event).toMatchObject({ provider: 'grantiva', id: undefined, type, timestamp: new Date(timestamp) });
    expect(event.data).toEqual({ ...sent, ...got });
  });

  it.each(samples)('%s may be sent with numbers and booleans, as older pages show it: %j', async (type, sent, got) => {
    const data = { ...sent, ...got };
    expect((await read({ data, event: type, timestamp })).data).toEqual(data);
  });

  it.each(samples)('%s may lack the timestamp, as in the oldest sample: %j', async (type, sent, got) => {
    const event = await read({ event: type, data: sent });
    expect(event.timestamp).toBeUndefined();
    expect(event.data).toEqual({ ...sent, ...got });
  });

  it('has the envelope as it was sent: strings stay strings there', async () => {
    const sent = { data: { device_id: 'd', risk_score: '82' }, event: 'device.high_risk', timestamp };
    expect((await read(sent)).envelope).toEqual(sent);
  });

  it('keeps fields that nobody knows yet', async () => {
    const data = { device_id: 'd', risk_score: '82', verdict: { deep: ['x'] }, region: null };
    expect((await read({ event: 'device.high_risk', data, timestamp })).data).toEqual({ ...data, risk_score: 82 });
  });

  it.each<[what: string, data: object]>([
    ['an empty number', { device_id: 'd', risk_score: '1', threshold: '' }],
    ['an empty boolean', { device_id: 'd', risk_score: '1', jailbreak_detected: '' }],
    ['nulls', { device_id: 'd', risk_score: '1', threshold: null, jailbreak_detected: null, key_id: null }],
  ])('may send %s for what it does not know', async (_what, data) => {
    expect(await codeOf({ event: 'device.high_risk', data, timestamp })).toBe('an event');
  });

  it('gives null for an empty number or boolean, and never 0 or false', async () => {
    const data = { device_id: 'd', risk_score: '-1', threshold: '', jailbreak_detected: '' };
    expect((await read({ event: 'device.high_risk', data })).data).toEqual({
      device_id: 'd',
      risk_score: -1,
      threshold: null,
      jailbreak_detected: null,
    });
  });

  it.each(['webhook.test', 'risk_threshold_exceeded', 'device_blocked'])('%s may have any data', async (type) => {
    for (const data of [null, 'text', [1], { any: 'thing' }]) {
      expect((await read({ event: type, data, timestamp })).data).toEqual(data);
    }
    expect((await read({ event: type, timestamp })).data).toBeUndefined();
  });

  it.each(['device.wiped', 'constructor', '__proto__', 'toString'])(
    'of the unknown type %s is deliverable as it came',
    async (type) => {
      const data = { risk_score: '82' };
      expect(await read({ event: type, data, timestamp })).toMatchObject({ type, data });
    },
  );

  it.each<[type: string, data: unknown]>([
    ['device.high_risk', { device_id: 'd' }],
    ['device.high_risk', { risk_score: 1 }],
    ['device.high_risk', { device_id: 'd', risk_score: 'high' }],
    ['device.high_risk', { device_id: 'd', risk_score: '0x10' }],
    ['device.high_risk', { device_id: 'd', risk_score: ' 82' }],
    ['device.high_risk', { device_id: 'd', risk_score: true }],
    ['device.high_risk', { device_id: 'd', risk_score: 1, jailbreak_detected: 'yes' }],
    ['device.high_risk', { device_id: 'd', risk_score: '1e999' }],
    ['device.high_risk', { device_id: 'd', risk_score: '9'.repeat(400) }],
    ['device.attested.first', { device_risk_score: '-1E+999' }],
    ['flag.updated', { flag_key: 'f', is_active: 1 }],
    ['device.new', null],
    ['device.new', 'd'],
  ])('%s with data that does not fit is invalid_event: %j', async (type, data) => {
    expect(await codeOf({ event: type, data, timestamp })).toBe('invalid_event');
  });

  it('that does not fit is told with the field and what it must be', async () => {
    const data = { device_id: 7, risk_score: 'high', jailbreak_detected: 'yes' };
    await expect(read({ event: 'device.high_risk', data, timestamp })).rejects.toThrow(
      /data\.device_id: .*expected a string, received number; data\.risk_score: .*expected a number, received string; data\.jailbreak_detected: .*expected a boolean, received string\)/,
    );
  });
});

describe('risk_alert, which has no envelope,', () => {
  const crossedAt = '2026-03-01T12:00:00Z';
  const alert = { bundleId: 'com.example.app', crossedAt, deviceId: 'd', riskScore: 87, teamId: 'A1B2', threshold: 75 };
  const named = { 'x-grantiva-event': 'risk_alert' };

  it('is an event whose data is the whole body', async () => {
    expect(await read(alert, named)).toEqual({
      provider: 'grantiva',
      id: undefined,
      type: 'risk_alert',
      timestamp: new Date(crossedAt),
      data: alert,
      envelope: alert,
    });
  });

  it('may have its numbers in strings', async () => {
    const event = await read({ ...alert, riskScore: '87', threshold: '75' }, named);
    expect(event.data).toEqual(alert);
  });

  it('is rebuilt on a retry with an empty bundleId and teamId', async () => {
    expect(await read({ ...alert, bundleId: '', teamId: '' }, named)).toMatchObject({ type: 'risk_alert' });
  });

  it.each(['device.new', 'webhook.test', 'risk_threshold_exceeded', 'subscription.refunded', 'unheard.of', ''])(
    'stays one if its header, which is not signed, is altered to %j',
    async (type) => {
      expect(await read(alert, { 'x-grantiva-event': type })).toMatchObject({ type: 'risk_alert', data: alert });
    },
  );

  it('stays one without its header', async () => {
    expect(await read(alert)).toMatchObject({ type: 'risk_alert', data: alert });
  });

  it('is not made of another body by its header', async () => {
    expect(await codeOf({ deviceId: 'd' }, named)).toBe('invalid_event');
    expect(await codeOf({}, named)).toBe('invalid_event');
  });

  it('is not made of an event with an envelope by its header', async () => {
    const event = await read({ event: 'device.new', data: { device_id: 'd' }, ...alert }, named);
    expect(event).toMatchObject({ type: 'device.new', data: { device_id: 'd' } });
  });
});

describe('another body without an envelope', () => {
  it('has the type that its header says, if nobody knows the type yet', async () => {
    const body = { anything: 1, timestamp };
    expect(await read(body, { 'x-grantiva-event': 'quota.alert' })).toMatchObject({
      type: 'quota.alert',
      timestamp: new Date(timestamp),
      data: body,
    });
  });

  it.each(['constructor', '__proto__', 'toString'])('may have the type %s', async (type) => {
    expect(await read({ anything: 1 }, { 'x-grantiva-event': type })).toMatchObject({ type });
  });

  it.each(['device.new', 'risk_threshold_exceeded', 'device_blocked'])(
    'is never made a known event by its header, which is not signed: %s',
    async (type) => {
      expect(await codeOf({ device_id: 'd' }, { 'x-grantiva-event': type })).toBe('invalid_event');
    },
  );

  it('is invalid_event without a header', async () => {
    expect(await codeOf({ anything: 1 })).toBe('invalid_event');
    expect(await codeOf({ anything: 1 }, { 'x-grantiva-event': '' })).toBe('invalid_event');
  });
});

/** Delivers bodies in turn, each with its delivery id; tells the outcomes and the keys. */
async function deliver(options: GrantivaOptions, deliveries: [body: string, id?: string][]) {
  const reports: OutcomeReport[] = [];
  const handler = vi.fn();
  const receiver = createReceiver({
    provider: grantiva(options),
    secret,
    on: { '*': handler },
    onOutcome: (report) => reports.push(report),
  });
  for (const [body, id] of deliveries) {
    const headers = {
      'X-Grantiva-Signature': signatureOf(body),
      ...(id !== undefined && { 'X-Grantiva-Delivery': id }),
    };
    await receiver.receive({ headers, body });
  }
  return { outcomes: reports.map(({ outcome }) => outcome), keys: reports.map(({ key }) => key) };
}

describe('the key of Grantiva', () => {
  const timed = JSON.stringify({ data: { device_id: 'd' }, event: 'device.new', timestamp });
  const later = JSON.stringify({ data: { device_id: 'd' }, event: 'device.new', timestamp: '2026-03-01T12:00:01Z' });
  const untimed = JSON.stringify({ event: 'device.new', data: { device_id: 'd' } });

  it('is the hash of a body that carries a timestamp: another delivery id makes no other event', async () => {
    const { outcomes, keys } = await deliver({}, [[timed, 'one'], [timed, 'two'], [timed], [later, 'one']]);
    expect(outcomes).toEqual(['handled', 'duplicate', 'duplicate', 'handled']);
    expect(keys).toEqual([sha256(timed), sha256(timed), sha256(timed), sha256(later)]);
  });

  it('is the hash and the delivery id of a body without a timestamp: two genuine events can be the same', async () => {
    const { outcomes, keys } = await deliver({}, [
      [untimed, 'one'],
      [untimed, 'one'],
      [untimed, 'two'],
    ]);
    expect(outcomes).toEqual(['handled', 'duplicate', 'handled']);
    expect(keys[0]).toBe(`${sha256(untimed)}:one`);
  });

  it('of a body without a timestamp is not the delivery id alone: another event under it is no duplicate', async () => {
    const other = untimed.replace('"d"', '"e"');
    const { outcomes } = await deliver({}, [
      [untimed, 'one'],
      [other, 'one'],
    ]);
    expect(outcomes).toEqual(['handled', 'handled']);
  });

  it('is none without a timestamp and without a delivery id: both are handled, for one may be an alarm', async () => {
    const { outcomes, keys } = await deliver({}, [[untimed], [untimed], [untimed, '']]);
    expect(outcomes).toEqual(['handled', 'handled', 'handled']);
    expect(keys).toEqual([undefined, undefined, undefined]);
  });

  it('counts a timestamp that nobody can read as none', async () => {
    const odd = JSON.stringify({ data: { device_id: 'd' }, event: 'device.new', timestamp: 'soon' });
    expect((await deliver({}, [[odd], [odd]])).outcomes).toEqual(['handled', 'handled']);
  });

  it('misses the retry of a risk_alert, whose body is built anew, as its documentation says', async () => {
    const alert = { bundleId: 'b', crossedAt: timestamp, deviceId: 'd', riskScore: 87, teamId: 't', threshold: 75 };
    const first = JSON.stringify(alert);
    const retry = JSON.stringify({ ...alert, bundleId: '', teamId: '' });
    const deliveries: [string, string][] = [
      [first, 'one'],
      [retry, 'one'],
    ];
    expect((await deliver({}, deliveries)).outcomes).toEqual(['handled', 'handled']);
    expect((await deliver({ key: 'delivery' }, deliveries)).outcomes).toEqual(['handled', 'duplicate']);
  });

  describe.each<GrantivaOptions>([{ key: 'signed' }, { key: 'delivery' }])('with %o', (options) => {
    const ids = Array.from({ length: 50 }, (_, index): [string, string] => [untimed, `id ${index}`]);
    const handledOf = async (deliveries: [string, string?][]) =>
      (await deliver(options, deliveries)).outcomes.filter((outcome) => outcome === 'handled').length;

    it('counts 8 delivery ids of one body, which are not signed: a captured delivery cannot make the receiver forget', async () => {
      const { outcomes } = await deliver(options, [...ids, ...ids]);
      expect(outcomes.slice(0, 8)).toEqual(Array(8).fill('handled'));
      expect(new Set(outcomes.slice(8))).toEqual(new Set(['duplicate']));
    });

    it('counts them of each body, and not of all', async () => {
      const other = untimed.replace('"d"', '"e"');
      const both = ids.flatMap(([body, id]): [string, string][] => [
        [body, id],
        [other, `of the other ${id}`],
      ]);
      expect(await handledOf(both)).toBe(16);
    });

    it('counts them anew after a day', async () => {
      vi.useFakeTimers({ toFake: ['performance'] });
      try {
        const provider = grantiva(options);
        const receiver = createReceiver({ provider, secret, dedupe: memoryClaims(), on: { '*': () => undefined } });
        const outcomeOf = async (id: string) => {
          const headers = { 'x-grantiva-signature': signatureOf(untimed), 'x-grantiva-delivery': id };
          return (await receiver.receive({ headers, body: untimed })).outcome;
        };
        for (const [, id] of ids) await outcomeOf(id);
        vi.advanceTimersByTime(24 * 60 * 60 * 1_000);
        expect(await outcomeOf('on the same day')).toBe('duplicate');
        vi.advanceTimersByTime(1);
        expect(await outcomeOf('on the next')).toBe('handled');
      } finally {
        vi.useRealTimers();
      }
    });

    it('takes ids that differ after 256 characters for one', async () => {
      const long = 'x'.repeat(256);
      expect(
        await handledOf([
          [untimed, `${long}a`],
          [untimed, `${long}b`],
        ]),
      ).toBe(1);
    });
  });

  it('is signed by default', async () => {
    for (const options of [{}, { key: undefined }, { key: 'signed' }] as const) {
      expect((await deliver(options, [[timed, 'one']])).keys).toEqual([sha256(timed)]);
    }
  });
});

describe('the key of grantiva({ key: "delivery" })', () => {
  const one = JSON.stringify({ data: { device_id: 'd' }, event: 'device.new', timestamp });
  const two = JSON.stringify({ data: { device_id: 'e' }, event: 'device.new', timestamp });

  it('is the delivery id alone', async () => {
    const { outcomes, keys } = await deliver({ key: 'delivery' }, [
      [one, 'a'],
      [one, 'a'],
      [one, 'b'],
      [two, 'b'],
    ]);
    expect(outcomes).toEqual(['handled', 'duplicate', 'handled', 'duplicate']);
    expect(keys).toEqual(['a', 'a', 'b', 'b']);
  });

  it('is none where there is no delivery id: both are handled', async () => {
    expect(await deliver({ key: 'delivery' }, [[one], [one], [one, '']])).toEqual({
      outcomes: ['handled', 'handled', 'handled'],
      keys: [undefined, undefined, undefined],
    });
  });
});

describe('the key of subscription.* of Grantiva', () => {
  const subscription = (event: string, event_id: unknown, tier = 'pro') =>
    JSON.stringify({ data: { event_id, subject_id: 'user_1', tier }, event, timestamp });

  it.each<GrantivaOptions>([{}, { key: 'delivery' }])('is the event_id that is signed, with %o', async (options) => {
    const { outcomes, keys } = await deliver(options, [
      [subscription('subscription.changed', 'sub_evt_1'), 'one'],
      // A retry whose body was built anew, and a replay under another delivery id.
      [subscription('subscription.changed', 'sub_evt_1', ''), 'one'],
      [subscription('subscription.changed', 'sub_evt_1'), 'two'],
      [subscription('subscription.expired', 'sub_evt_2'), 'one'],
    ]);
    expect(outcomes).toEqual(['handled', 'duplicate', 'duplicate', 'handled']);
    expect(keys).toEqual(['sub_evt_1', 'sub_evt_1', 'sub_evt_1', 'sub_evt_2']);
  });

  it('is the hash of the body where there is none', async () => {
    for (const none of [undefined, null, '']) {
      const body = subscription('subscription.refunded', none);
      expect((await deliver({}, [[body, 'one']])).keys).toEqual([sha256(body)]);
    }
  });

  it('is of no other type: event_id may mean anything there', async () => {
    const body = JSON.stringify({ data: { event_id: 'evt_1', device_id: 'd' }, event: 'device.new', timestamp });
    expect((await deliver({}, [[body, 'one']])).keys).toEqual([sha256(body)]);
  });
});

describe('an event of Grantiva that names its type', () => {
  it('is never taken for another because its data is missing, whatever a header or its fields say', async () => {
    const body = JSON.stringify({ event: 'not.yet.invented', deviceId: 'd', riskScore: 87 });
    const headers = { 'x-grantiva-signature': signatureOf(body), 'x-grantiva-event': 'not.that.one' };
    const event = await verifyDelivery(grantiva(), { headers, body, secret });
    expect(event).toMatchObject({ type: 'not.yet.invented', data: undefined });
  });
});

describe('a handler of Grantiva', () => {
  it('knows the delivery id', async () => {
    const ids: (string | undefined)[] = [];
    const receiver = createReceiver({
      provider: grantiva(),
      secret,
      on: { '*': (_event, { delivery }) => ids.push(delivery.id) },
    });
    const body = JSON.stringify({ event: 'webhook.test', data: {} });
    const signed = { 'X-Grantiva-Signature': signatureOf(body) };
    await receiver.receive({ headers: { ...signed, 'X-Grantiva-Delivery': 'del_1' }, body });
    await receiver.receive({ headers: signed, body });
    expect(ids).toEqual(['del_1', undefined]);
  });
});
