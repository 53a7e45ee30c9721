import { createHash, createHmac } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { WebhookError } from '../error.ts';
import { createReceiver } from '../receiver.ts';
import type { OutcomeReport } from '../report/outcome.ts';
import { verifyDelivery } from '../verify.ts';
import { gravv } from './gravv.ts';

const secret = 'the key from the dashboard';
const signatureOf = (text: string) => createHmac('sha256', secret).update(text).digest('hex');

function read(event: object, header = 'x-gravv-signature') {
  const body = JSON.stringify(event);
  return verifyDelivery(gravv(), { headers: { [header]: signatureOf(body) }, body, secret });
}

async function codeOf(event: object): Promise<string> {
  const error = await read(event).catch((thrown: unknown) => thrown);
  return error instanceof WebhookError ? error.code : 'an event';
}

// The sample of its documentation.
const kyc = {
  event_id: '53373f52-2b15-469a-822f-69625a2632b9',
  tenant_id: 'dfa96ede-fc13-43cf-8328-8b910d1cd1d2',
  timestamp: '2025-10-27T10:11:05Z',
  event_data: {
    status: 'pending',
    kyc_type: 'basic',
    tenant_id: 'dfa96ede-fc13-43cf-8328-8b910d1cd1d2',
    customer_id: '0ff6cf9a-8da0-466d-a71c-714eb4bde248',
    customer_type: 'individual',
    customer_email: 'marielle@yopmail.com',
  },
  event_type: 'customer.kyc.status.pending',
  event_category: 'customer',
  event_group_id: '0ff6cf9a-8da0-466d-a71c-714eb4bde248',
};

const around = (event_type: string, event_data: unknown) => ({ ...kyc, event_type, event_data });

describe('the signature of Gravv', () => {
  it('is bare hex in X-Gravv-Signature or, as one page says, X-Signature', async () => {
    expect(await read(kyc, 'X-Gravv-Signature')).toMatchObject({ id: kyc.event_id });
    expect(await read(kyc, 'X-Signature')).toMatchObject({ id: kyc.event_id });
  });

  it('is missing under any other name', async () => {
    await expect(read(kyc, 'x-webhook-signature')).rejects.toMatchObject({ code: 'missing_signature' });
  });

  it('is malformed with a prefix', async () => {
    const body = JSON.stringify(kyc);
    const headers = { 'x-gravv-signature': `sha256=${signatureOf(body)}` };
    await expect(verifyDelivery(gravv(), { headers, body, secret })).rejects.toMatchObject({
      code: 'malformed_signature',
    });
  });
});

describe('the envelope of Gravv', () => {
  it('is read as its documentation shows it', async () => {
    expect(await read(kyc)).toEqual({
      provider: 'gravv',
      id: kyc.event_id,
      type: 'customer.kyc.status.pending',
      timestamp: new Date(kyc.timestamp),
      data: kyc.event_data,
      envelope: kyc,
    });
  });

  it('may lack event_id and tenant_id', async () => {
    const { event_id: _id, tenant_id: _tenant, ...rest } = kyc;
    expect(await read(rest)).toMatchObject({ id: undefined, type: kyc.event_type });
    expect(await read({ ...kyc, event_id: null, tenant_id: null })).toMatchObject({ id: undefined });
  });

  it.each([
    ['2025-10-27T10:11:05.123456789Z', '2025-10-27T10:11:05.123Z'],
    ['2025-10-27T10:11:05.999999999Z', '2025-10-27T10:11:05.999Z'],
    ['2025-10-27T10:11:05.12Z', '2025-10-27T10:11:05.120Z'],
    ['2025-10-27T10:11:05.481927+01:00', '2025-10-27T09:11:05.481Z'],
  ])('may have a timestamp up to nanoseconds: %s', async (timestamp, expected) => {
    const event = await read({ ...kyc, timestamp });
    expect(event.timestamp).toEqual(new Date(expected));
    expect(event.envelope['timestamp']).toBe(timestamp);
  });

  it('keeps event_group_id, which ties events together', async () => {
    expect((await read(kyc)).envelope['event_group_id']).toBe(kyc.event_group_id);
  });
});

const transfer = {
  amount: '1250.50',
  remark: 'rent',
  source: { currency: 'USD', account_id: 'acc_1' },
  tx_hash: '0xabc',
  destination: { currency: 'NGN', bank: { name: 'Example Bank' } },
  client_reference: 'order-1042',
  status: 'completed',
  client_metadata: { a: 1 },
};
const inflow = {
  amount: '980.00',
  remark: 'Invoice 77',
  source: { name: 'Ada' },
  tx_hash: '0xabc',
  destination: { account_id: 'acc_1' },
  client_reference: 'ref',
};
const nulled = (data: object) => Object.fromEntries(Object.keys(data).map((field) => [field, null]));
const { client_reference: _renamed, ...unnamed } = transfer;

const samples: [type: string, data: object][] = [
  ...['pending', 'approved', 'rejected', 'in_review', 'a.status.of.tomorrow'].map((status): [string, object] => [
    `customer.kyc.status.${status}`,
    { ...kyc.event_data, status },
  ]),
  ...['pending', 'completed', 'failed'].flatMap((status): [string, object][] => [
    [`transfer.status.${status}`, { ...transfer, status }],
    [`transfer.status.${status}`, { ...unnamed, reference: 'order-1042', status }],
    [`collection.status.${status}`, { transaction_id: 'tx_1', status, amount: '45.00' }],
  ]),
  ['inflow.completed', inflow],
  ['inflow.onchain.completed', inflow],
  ...['application.update', 'status.update', 'transaction.funding', 'transaction.payment', 'transaction.withdraw'].map(
    (type): [string, object] => [`cards.${type}`, { card_id: 'card_1', status: 'active', amount: '19.99' }],
  ),
];

describe('an event of Gravv', () => {
  it.each(samples)('%s has its data as it was sent: %j', async (type, data) => {
    const event = await read(around(type, data));
    expect(event.type).toBe(type);
    expect(event.data).toEqual(data);
  });

  it.each(samples)('%s may have null for most of its fields', async (type, data) => {
    const needed = type.startsWith('customer.') ? { customer_id: 'c' } : {};
    const sent = { ...nulled(data), ...needed };
    expect((await read(around(type, sent))).data).toEqual(sent);
  });

  it.each(samples)('%s may lack most of its fields, and have others', async (type) => {
    const needed = type.startsWith('customer.') ? { customer_id: 'c' } : {};
    const sent = { ...needed, field_of_tomorrow: { deep: [1] } };
    expect((await read(around(type, sent))).data).toEqual(sent);
  });

  it.each(['10.10', '0.1', '123456789012345678901234567890.123456789', '1e3', ''])(
    'leaves money the string it is: %j',
    async (amount) => {
      expect((await read(around('transfer.status.completed', { ...transfer, amount }))).data).toMatchObject({ amount });
    },
  );

  it.each(['transfer.status.reversed', 'customer.created', 'customer.kyc.status', 'cards.lost', 'constructor'])(
    'of the unknown type %s is deliverable as it came',
    async (type) => {
      expect(await read(around(type, [null]))).toMatchObject({ type, data: [null] });
    },
  );

  it('with money or a reference as a number gives handlers text', async () => {
    const data = { ...transfer, amount: 1250.5, client_reference: 1042 };
    const event = await read(around('transfer.status.completed', data));
    expect(event.data).toMatchObject({ amount: '1250.5', client_reference: '1042' });
  });

  it('with data that does not fit is invalid_event', async () => {
    expect(await codeOf(around('transfer.status.completed', null))).toBe('invalid_event');
    expect(await codeOf(around('transfer.status.completed', { ...transfer, amount: {} }))).toBe('invalid_event');
    for (const status of ['approved', 'a.status.of.tomorrow']) {
      expect(await codeOf(around(`customer.kyc.status.${status}`, { status }))).toBe('invalid_event');
    }
  });
});

/** As its documentation shows it: flat, and of the type no more than the status. */
const payee = {
  event_type: 'completed',
  payee_id: 'payee_1',
  tenant_id: 'dfa96ede-fc13-43cf-8328-8b910d1cd1d2',
  occurred_at: '2026-10-27T10:11:05.123456789Z',
};

describe('payee.setup of Gravv, which is flat,', () => {
  it.each(['completed', 'retrying', 'failed'])('is an event of the type payee.setup.%s', async (status) => {
    const sent = { ...payee, event_type: status, reason: 'of tomorrow' };
    expect(await read(sent)).toEqual({
      provider: 'gravv',
      id: undefined,
      type: `payee.setup.${status}`,
      timestamp: new Date('2026-10-27T10:11:05.123Z'),
      data: sent,
      envelope: sent,
    });
  });

  it('of a status that nobody knows, or that is written whole, is one too', async () => {
    expect(await read({ ...payee, event_type: 'paused' })).toMatchObject({ type: 'payee.setup.paused' });
    expect(await read({ ...payee, event_type: 'payee.setup.failed' })).toMatchObject({ type: 'payee.setup.failed' });
  });

  it('needs a payee: another body without data keeps the type that it names', async () => {
    const { payee_id: _payee, ...rest } = payee;
    expect(await read(rest)).toMatchObject({ type: 'completed', data: undefined });
    expect(await read({ ...kyc, payee_id: 'payee_1' })).toMatchObject({ type: kyc.event_type, data: kyc.event_data });
  });

  it('of which the payee is not text does not fit', async () => {
    expect(await codeOf({ ...payee, payee_id: null })).toBe('invalid_event');
  });
});

describe('the key of Gravv', () => {
  async function deliver(...events: object[]) {
    const reports: OutcomeReport[] = [];
    const receiver = createReceiver({
      provider: gravv(),
      secret,
      on: { '*': () => {} },
      onOutcome: (report) => reports.push(report),
    });
    for (const event of events) {
      const body = JSON.stringify(event);
      await receiver.receive({ headers: { 'x-gravv-signature': signatureOf(body) }, body });
    }
    return { outcomes: reports.map(({ outcome }) => outcome), keys: reports.map(({ key }) => key) };
  }

  it('is event_id', async () => {
    const { outcomes, keys } = await deliver(kyc, { ...kyc, timestamp: null }, { ...kyc, event_id: 'another' });
    expect(outcomes).toEqual(['handled', 'duplicate', 'handled']);
    expect(keys).toEqual([kyc.event_id, kyc.event_id, 'another']);
  });

  it('is the hash of a body that carries a timestamp where event_id is not there', async () => {
    const { event_id: _id, ...rest } = kyc;
    const { outcomes, keys } = await deliver(rest, rest, { ...rest, timestamp: '2025-10-27T10:11:06Z' });
    expect(outcomes).toEqual(['handled', 'duplicate', 'handled']);
    expect(keys[0]).toBe(createHash('sha256').update(JSON.stringify(rest)).digest('hex'));
  });

  it('is the hash of a flat payee.setup, which carries its time', async () => {
    const later = { ...payee, occurred_at: '2026-10-27T10:12:05Z' };
    const { outcomes, keys } = await deliver(payee, payee, later);
    expect(outcomes).toEqual(['handled', 'duplicate', 'handled']);
    expect(keys[0]).toBe(createHash('sha256').update(JSON.stringify(payee)).digest('hex'));
  });

  it('is none without either: both are handled', async () => {
    const { event_id: _id, timestamp: _timestamp, ...rest } = kyc;
    expect(await deliver(rest, rest)).toEqual({ outcomes: ['handled', 'handled'], keys: [undefined, undefined] });
  });
});
