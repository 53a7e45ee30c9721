import { converted } from '../event/converted.ts';
import type { JsonObject } from '../event/event.ts';
import * as fields from '../event/fields.ts';
import type { BareEvent } from '../event/format.ts';
import { looseObject } from '../event/loose-object.ts';
import { defineProvider, type Provider } from '../provider.ts';

/** A number becomes text: refusing a genuine event over it would lose it. */
const text = fields.optional(
  converted<string | number | null, string | null>('text', (value) => {
    if (typeof value === 'string' || value === null) return value;
    return Number.isFinite(value) ? String(value) : undefined;
  }),
);

/** Its shape differs from event to event. */
const anything = fields.optional(fields.unknown());

// Money is a string and stays one: a number would round it. Many fields are null, so few are demanded.
const inflow = {
  amount: text,
  remark: text,
  source: anything,
  destination: anything,
  tx_hash: text,
  client_reference: text,
};

const transfer = looseObject({
  ...inflow,
  /** Some pages call `client_reference` so. */
  reference: text,
  status: text,
  client_metadata: anything,
});

const collection = looseObject({ transaction_id: text });

/** The whole body. */
const payee = looseObject({ payee_id: fields.string(), tenant_id: text, event_type: text, occurred_at: text });

/** Their fields are not documented. */
const card = looseObject({});

const events = {
  'customer.kyc.status.*': looseObject({
    customer_id: fields.string(),
    status: text,
    kyc_type: text,
    tenant_id: text,
    customer_type: text,
    customer_email: text,
  }),
  'transfer.status.pending': transfer,
  'transfer.status.completed': transfer,
  'transfer.status.failed': transfer,
  'inflow.completed': looseObject(inflow),
  'inflow.onchain.completed': looseObject(inflow),
  'collection.status.pending': collection,
  'collection.status.completed': collection,
  'collection.status.failed': collection,
  'payee.setup.completed': payee,
  'payee.setup.retrying': payee,
  'payee.setup.failed': payee,
  'cards.application.update': card,
  'cards.status.update': card,
  'cards.transaction.funding': card,
  'cards.transaction.payment': card,
  'cards.transaction.withdraw': card,
};

/**
 * `payee.setup.*` is flat: without an envelope, and with no more of its type than the status, in the field where all others
 * have their type.
 */
function bare(body: JsonObject): BareEvent | undefined {
  const status = body['event_type'];
  if (typeof status !== 'string' || !('payee_id' in body)) return undefined;
  // Should it be written whole one day.
  const type = status.includes('.') ? status : `payee.setup.${status}`;
  return { type, timestamp: body['occurred_at'], data: body };
}

/** The provider that {@link gravv} makes, by a name with which an app can export it without naming zod. */
export interface Gravv extends Provider<'gravv', typeof events> {}

/**
 * Gravv, payments. The signature is in `X-Gravv-Signature` or, as one page of its documentation says, `X-Signature`.
 *
 * @example
 * ```ts
 * import { createReceiver, gravv } from '@hookproof/core';
 *
 * export const receiver = createReceiver({
 *   provider: gravv(),
 *   secret: process.env.GRAVV_SECRET ?? '',
 *   on: {
 *     'transfer.status.completed': ({ data }) => console.log(data.amount, data.client_reference),
 *     'customer.kyc.status.approved': ({ data }) => console.log(data.customer_id),
 *   },
 * });
 * ```
 */
export function gravv(): Gravv {
  return defineProvider({
    name: 'gravv',
    signature: { header: ['x-gravv-signature', 'x-signature'], encoding: 'hex' },
    // Theirs are longer by far: this is what somebody typed.
    secret: { encoding: 'utf8', minBytes: 16 },
    envelope: { id: 'event_id', timestamp: 'timestamp', data: 'event_data', type: 'event_type' },
    bare,
    events,
  });
}
