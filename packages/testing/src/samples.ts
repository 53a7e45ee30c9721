import type { builtInProviders, Provider } from '@hookproof/core';
import type { RawEvent } from './signed-delivery.ts';

// Each sample is made anew on every call, with ids and times of its own, as the provider writes it: Grantiva's sorted
// keys and strings, Grantex's order, Gravv's nulls and nanoseconds.
type Samples = Readonly<Record<string, () => RawEvent>>;

const id = () => crypto.randomUUID();
const now = () => new Date().toISOString();
const later = () => new Date(Date.now() + 86_400_000).toISOString();

/** Crockford's base32, as in the ULIDs of Grantex. */
function ulid(prefix: string): string {
  const digits = '0123456789ABCDEFGHJKMNPQRSTVWXYZ';
  const bytes = crypto.getRandomValues(new Uint8Array(26));
  return `${prefix}_0${[...bytes.slice(1)].map((byte) => digits[byte % 32]).join('')}`;
}

function grantiva(event: string, data: Record<string, string>): RawEvent {
  return { body: { data, event, timestamp: now() } };
}

/** Grantiva signs no id of its own: without another value two events of one millisecond would be the same. */
const tenant = () => `tnt_${id().slice(0, 8)}`;

const subscription = (status: string) => ({
  auto_renew: status === 'active' ? 'true' : 'false',
  environment: 'production',
  event_id: id(),
  expires_at: status === 'active' ? later() : '',
  interval: 'month',
  product_id: 'com.example.pro.monthly',
  source: 'app_store',
  source_subscription_id: '2000000912345678',
  status,
  subject_id: 'user_4821',
  tier: 'pro',
});

const grantivaSamples: Samples = {
  'device.new': () =>
    grantiva('device.new', { device_id: id(), device_model: 'iPhone17,1', key_id: 'kQ2vX8', os_version: '19.1' }),
  'device.high_risk': () =>
    grantiva('device.high_risk', { device_id: id(), key_id: 'kQ2vX8', risk_score: '82', threshold: '75' }),
  'device.attestation_failed': () =>
    grantiva('device.attestation_failed', {
      bundle_id: 'com.example.app',
      key_id: 'kQ2vX8',
      reason: 'challenge_mismatch',
    }),
  'device.attested.first': () =>
    grantiva('device.attested.first', {
      app_id: '7f9c2ba4',
      bundle_id: 'com.example.app',
      device_risk_score: '12',
      team_id: 'A1B2C3D4E5',
    }),
  'attestation.anomaly': () =>
    grantiva('attestation.anomaly', { anomalies: 'counter_rollback,new_region', device_id: id(), key_id: 'kQ2vX8' }),
  'attestation.completed': () =>
    grantiva('attestation.completed', {
      attestation_id: id(),
      bundle_id: 'com.example.app',
      device_id: id(),
      device_model: 'iPhone17,1',
      is_test: 'false',
      key_id: 'kQ2vX8',
      risk_score: '7',
    }),
  risk_alert: () => ({
    body: {
      bundleId: 'com.example.app',
      crossedAt: now(),
      deviceId: id(),
      riskScore: 87,
      teamId: 'A1B2C3D4E5',
      threshold: 75,
    },
    headers: { 'x-grantiva-event': 'risk_alert' },
  }),
  'flag.created': () => grantiva('flag.created', { flag_key: 'new-checkout', tenant_id: tenant() }),
  'flag.updated': () =>
    grantiva('flag.updated', {
      environment: 'production',
      flag_key: 'new-checkout',
      is_active: 'true',
      tenant_id: tenant(),
    }),
  'flag.deleted': () => grantiva('flag.deleted', { flag_key: 'new-checkout', tenant_id: tenant() }),
  'subscription.changed': () => grantiva('subscription.changed', subscription('active')),
  'subscription.expired': () => grantiva('subscription.expired', subscription('expired')),
  'subscription.refunded': () => grantiva('subscription.refunded', subscription('refunded')),
  'webhook.test': () => grantiva('webhook.test', { message: 'Test event from the dashboard', test_id: id() }),
  risk_threshold_exceeded: () => grantiva('risk_threshold_exceeded', { device_id: id(), risk_score: '91' }),
  device_blocked: () => grantiva('device_blocked', { device_id: id(), reason: 'risk_score' }),
};

function grantex(type: string, data: Record<string, unknown>): RawEvent {
  return { body: { id: ulid('evt'), type, createdAt: now(), data } };
}

const grant = () => ({
  grantId: ulid('grnt'),
  agentId: ulid('ag'),
  principalId: 'user_abc123',
  scopes: ['calendar:read', 'payments:initiate:max_500'],
  expiresAt: later(),
});

const grantexSamples: Samples = {
  'grant.created': () => grantex('grant.created', grant()),
  'grant.revoked': () => grantex('grant.revoked', { grantId: ulid('grnt'), cascade: true }),
  'token.issued': () => grantex('token.issued', { tokenId: ulid('tok'), ...grant() }),
};

function gravv(type: string, data: Record<string, unknown>): RawEvent {
  return {
    body: {
      event_id: id(),
      tenant_id: 'dfa96ede-fc13-43cf-8328-8b910d1cd1d2',
      timestamp: now().replace('Z', '481927Z'),
      event_data: data,
      event_type: type,
      event_category: type.split('.')[0],
      event_group_id: id(),
    },
  };
}

const kyc = (status: string) => ({
  status,
  kyc_type: 'basic',
  tenant_id: 'dfa96ede-fc13-43cf-8328-8b910d1cd1d2',
  customer_id: id(),
  customer_type: 'individual',
  customer_email: 'ada@example.com',
});

const transfer = (status: string) => ({
  amount: '1250.50',
  remark: null,
  source: { currency: 'USD', account_id: id() },
  tx_hash: null,
  destination: { currency: 'NGN', bank_name: 'Example Bank', account_number: '0123456789' },
  client_reference: 'order-1042',
  status,
  client_metadata: null,
});

const inflow = (hash: string | null) => ({
  amount: '980.00',
  remark: 'Invoice 77',
  source: { name: 'Ada Example', currency: 'USD' },
  tx_hash: hash,
  destination: { account_id: id(), currency: 'USD' },
  client_reference: null,
});

const collection = (status: string) => ({ transaction_id: id(), status, amount: '45.00', currency: 'USD' });
const card = (status: string) => ({ card_id: id(), status, amount: '19.99', currency: 'USD' });

/** Flat: no envelope, and of the type the status alone. */
const payee = (status: string): RawEvent => ({
  body: {
    event_type: status,
    payee_id: id(),
    tenant_id: 'dfa96ede-fc13-43cf-8328-8b910d1cd1d2',
    occurred_at: now(),
  },
});

const gravvSamples: Samples = {
  'customer.kyc.status.pending': () => gravv('customer.kyc.status.pending', kyc('pending')),
  'customer.kyc.status.approved': () => gravv('customer.kyc.status.approved', kyc('approved')),
  'customer.kyc.status.rejected': () => gravv('customer.kyc.status.rejected', kyc('rejected')),
  'transfer.status.pending': () => gravv('transfer.status.pending', transfer('pending')),
  'transfer.status.completed': () => gravv('transfer.status.completed', transfer('completed')),
  'transfer.status.failed': () => gravv('transfer.status.failed', transfer('failed')),
  'inflow.completed': () => gravv('inflow.completed', inflow(null)),
  'inflow.onchain.completed': () => gravv('inflow.onchain.completed', inflow(`0x${id().replaceAll('-', '')}`)),
  'collection.status.pending': () => gravv('collection.status.pending', collection('pending')),
  'collection.status.completed': () => gravv('collection.status.completed', collection('completed')),
  'collection.status.failed': () => gravv('collection.status.failed', collection('failed')),
  'payee.setup.completed': () => payee('completed'),
  'payee.setup.retrying': () => payee('retrying'),
  'payee.setup.failed': () => payee('failed'),
  'cards.application.update': () => gravv('cards.application.update', card('approved')),
  'cards.status.update': () => gravv('cards.status.update', card('active')),
  'cards.transaction.funding': () => gravv('cards.transaction.funding', card('completed')),
  'cards.transaction.payment': () => gravv('cards.transaction.payment', card('completed')),
  'cards.transaction.withdraw': () => gravv('cards.transaction.withdraw', card('completed')),
};

const standardSamples: Samples = {
  'user.created': () => ({ body: { type: 'user.created', timestamp: now(), data: { id: id(), name: 'Ada Example' } } }),
  'invoice.paid': () => ({ body: { type: 'invoice.paid', timestamp: now(), data: { id: id(), amount: '120.00' } } }),
};

const ofBuiltIn: Readonly<Record<keyof typeof builtInProviders, Samples>> = {
  grantiva: grantivaSamples,
  grantex: grantexSamples,
  gravv: gravvSamples,
  'standard-webhooks': standardSamples,
};

// Maps, because names of providers and types come from outside.
const samples: ReadonlyMap<string, ReadonlyMap<string, () => RawEvent>> = new Map(
  Object.entries(ofBuiltIn).map(([name, made]) => [name, new Map(Object.entries(made))] as const),
);

/** The event types of which {@link sampleEvent} has a sample; none for a provider that is not built in. */
export function sampleTypes(provider: Provider): readonly string[] {
  return [...(samples.get(provider.name)?.keys() ?? [])];
}

/**
 * A realistic event of a built-in provider, with new ids and the present time on every call.
 *
 * @returns an event for `signedDelivery`
 * @throws RangeError where there is no sample; {@link sampleTypes} lists those there are
 *
 * @example
 * ```ts
 * import { gravv } from '@hookproof/core';
 * import { sampleEvent, signedDelivery } from '@hookproof/testing';
 *
 * const event = sampleEvent(gravv(), 'transfer.status.completed');
 * const delivery = await signedDelivery(gravv(), event, { secret: 'a secret for tests' });
 * await fetch('http://localhost:3000/webhooks/gravv', delivery);
 * ```
 */
export function sampleEvent(provider: Provider, type: string): RawEvent {
  const sample = samples.get(provider.name)?.get(type);
  if (sample === undefined) {
    const known = sampleTypes(provider).join(', ') || 'none';
    throw new RangeError(`There is no sample of ${type} for ${provider.name}; there are: ${known}.`);
  }
  return sample();
}
