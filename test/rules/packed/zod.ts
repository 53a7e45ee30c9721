// A provider of the app's own, described by the zod that the app has: its types must be those that core speaks of.
import assert from 'node:assert/strict';
import { createHmac } from 'node:crypto';
import { createReceiver, defineProvider, verifyDelivery } from '@hookproof/core';
import * as z from 'zod';
import * as mini from 'zod/mini';
import { secret } from './deliver.ts';

const acme = () =>
  defineProvider({
    name: 'acme',
    signature: { header: 'x-acme-signature', encoding: 'hex', prefix: 'sha256=' },
    envelope: { id: 'id', type: 'type', timestamp: 'created_at', data: 'data' },
    events: {
      'invoice.paid': z.looseObject({
        invoice: z.string(),
        amount: z.coerce.number(),
        lines: z.array(z.object({ text: z.string().optional() })),
      }),
      'invoice.refunded': mini.looseObject({ invoice: mini.string() }),
    },
  });

function delivery(type: string, data: object) {
  const body = JSON.stringify({ id: `evt_${type}`, type, created_at: '2026-11-20T10:00:00Z', data });
  const signature = `sha256=${createHmac('sha256', secret).update(body).digest('hex')}`;
  return { headers: { 'x-acme-signature': signature }, body: new TextEncoder().encode(body) };
}

const handled: [type: string, invoice: string, detail: number | undefined][] = [];
const receiver = createReceiver({
  provider: acme(),
  secret,
  on: {
    'invoice.paid': ({ type, data }) => handled.push([type, data.invoice, data.amount * data.lines.length]),
    'invoice.refunded': ({ type, data }) => handled.push([type, data.invoice, undefined]),
  },
});
for (const one of [
  delivery('invoice.paid', { invoice: 'in_1', amount: '12.50', lines: [{ text: 'one' }, {}] }),
  delivery('invoice.refunded', { invoice: 'in_2' }),
]) {
  assert.deepEqual(JSON.parse((await receiver.receive({ method: 'POST', ...one })).body), { outcome: 'handled' });
}
assert.deepEqual(handled, [
  ['invoice.paid', 'in_1', 25],
  ['invoice.refunded', 'in_2', undefined],
]);

// What does not fit is named by its place in the schema.
await assert.rejects(
  verifyDelivery(acme(), {
    ...delivery('invoice.paid', { invoice: 'in_3', amount: '1', lines: [{ text: 1 }] }),
    secret,
  }),
  { code: 'invalid_event', message: /data\.lines\.0\.text/ },
);

// @ts-expect-error the type of data is that of the schema
createReceiver({ provider: acme(), secret, on: { 'invoice.paid': ({ data }) => data.amount.trim() } });
