import type { DeliveryHeaders } from '../bytes/headers.ts';
import { invalid } from '../error.ts';
import { converted } from '../event/converted.ts';
import { isBelow, isJsonObject, type JsonObject, type WebhookEvent } from '../event/event.ts';
import * as fields from '../event/fields.ts';
import type { BareEvent, KeyFacts } from '../event/format.ts';
import { countedKey, unsignedKey } from '../event/key.ts';
import { looseObject } from '../event/loose-object.ts';
import { checkNames } from '../option-names.ts';
import { defineProvider, type Provider } from '../provider.ts';
import type { Awaitable } from '../timing/awaitable.ts';

/** Options of {@link grantiva}. */
export interface GrantivaOptions {
  /**
   * What makes two deliveries the same event. Grantiva signs no event id, but in `subscription.*`: there `event_id` of the
   * data is the key, whichever is chosen.
   *
   * - `signed` (default): the hash of a body that carries a timestamp. Without a timestamp two genuine events can be
   *   the same to the byte: then the hash together with `X-Grantiva-Delivery`, and without that header no key, so that
   *   every delivery is handled. It misses a `risk_alert` retry, whose body Grantiva builds anew (handled twice), and,
   *   for bodies without a timestamp, a replay with an altered `X-Grantiva-Delivery`; of one body 8 ids count in a day.
   * - `delivery`: `X-Grantiva-Delivery` alone. It recognises every honest retry; but the header is not signed, so a
   *   replay with another id is handled again, and one with an id in use is dropped.
   */
  readonly key?: 'signed' | 'delivery' | undefined;
}

/** Current traffic sends every value as a string ("82"), older pages show numbers: handlers get a number. */
function readNumber(value: unknown): number | undefined {
  const isWritten = typeof value === 'string' && /^-?\d+(\.\d+)?(e[+-]?\d+)?$/i.test(value);
  const number = isWritten ? Number(value) : value;
  // JSON and text can hold numbers that are too large: 1e999 is Infinity.
  return typeof number === 'number' && Number.isFinite(number) ? number : undefined;
}

/** Likewise for "true" and true. */
function readBoolean(value: unknown): boolean | undefined {
  if (typeof value === 'boolean') return value;
  if (typeof value !== 'string') return undefined;
  const word = value.toLowerCase();
  if (word === 'true' || word === '1') return true;
  return word === 'false' || word === '0' ? false : undefined;
}

function readText(value: unknown): string | undefined {
  if (typeof value === 'string') return value;
  return typeof value === 'boolean' || Number.isFinite(value) ? String(value) : undefined;
}

/** For fields that not every source lists. */
function nullOr<Read>(read: (value: unknown) => Read | undefined): (value: unknown) => Read | null | undefined {
  return (value) => (value === null ? null : read(value));
}

/** Likewise; Grantiva sends "" for what it does not know. */
function unknownOr<Read>(read: (value: unknown) => Read | undefined): (value: unknown) => Read | null | undefined {
  return (value) => (value === null || value === '' ? null : read(value));
}

const number = converted<number | string, number>('a number', readNumber);
const optionalNumber = fields.optional(
  converted<number | string | null, number | null>('a number', unknownOr(readNumber)),
);
const optionalBoolean = fields.optional(
  converted<boolean | string | null, boolean | null>('a boolean', unknownOr(readBoolean)),
);
const optionalText = fields.optional(
  converted<string | number | boolean | null, string | null>('text', nullOr(readText)),
);

const device = { device_model: optionalText, os_version: optionalText };

const riskAlert = looseObject({
  deviceId: fields.string(),
  riskScore: number,
  threshold: optionalNumber,
  bundleId: optionalText,
  teamId: optionalText,
  crossedAt: optionalText,
});

const subscription = looseObject({
  subject_id: fields.string(),
  tier: optionalText,
  status: optionalText,
  interval: optionalText,
  source: optionalText,
  product_id: optionalText,
  /** "" where there is none. */
  expires_at: optionalText,
  source_subscription_id: optionalText,
  environment: optionalText,
  auto_renew: optionalBoolean,
  event_id: optionalText,
});

const flag = { flag_key: fields.string(), tenant_id: optionalText };

const events = {
  'device.new': looseObject({ device_id: fields.string(), key_id: optionalText, ...device }),
  'device.high_risk': looseObject({
    /** May be "". */
    device_id: fields.string(),
    risk_score: number,
    threshold: optionalNumber,
    key_id: optionalText,
    jailbreak_detected: optionalBoolean,
    ...device,
  }),
  'device.attestation_failed': looseObject({ key_id: optionalText, bundle_id: optionalText, reason: optionalText }),
  'device.attested.first': looseObject({
    app_id: optionalText,
    bundle_id: optionalText,
    team_id: optionalText,
    device_risk_score: optionalNumber,
  }),
  'attestation.anomaly': looseObject({
    device_id: fields.string(),
    key_id: optionalText,
    /** A list with commas. */
    anomalies: optionalText,
  }),
  'attestation.completed': looseObject({
    device_id: fields.string(),
    key_id: optionalText,
    device_model: optionalText,
    bundle_id: optionalText,
    risk_score: optionalNumber,
    attestation_id: optionalText,
    is_test: optionalBoolean,
  }),
  risk_alert: riskAlert,
  'flag.created': looseObject(flag),
  'flag.updated': looseObject({ ...flag, is_active: optionalBoolean, environment: optionalText }),
  'flag.deleted': looseObject(flag),
  'subscription.changed': subscription,
  'subscription.expired': subscription,
  'subscription.refunded': subscription,
  // Their payloads are not documented.
  'webhook.test': fields.unknown(),
  risk_threshold_exceeded: fields.unknown(),
  device_blocked: fields.unknown(),
};

/** The provider that {@link grantiva} makes, by a name with which an app can export it without naming zod. */
export interface Grantiva extends Provider<'grantiva', typeof events> {}

const typeHeader = 'x-grantiva-event';
const typeField = 'event';
const timestampField = 'timestamp';

/**
 * Grantiva, device attestation. Events are those of its webhook documentation, old and new. Numbers and booleans that
 * arrive as strings reach handlers as numbers and booleans.
 *
 * @throws WebhookError `invalid_options` for an unknown `key`
 *
 * @example
 * ```ts
 * import { createReceiver, grantiva } from '@hookproof/core';
 *
 * export const receiver = createReceiver({
 *   provider: grantiva(),
 *   secret: process.env.GRANTIVA_SECRET ?? '',
 *   on: { 'device.high_risk': ({ data }) => console.log(data.device_id, data.risk_score + 1) },
 * });
 * ```
 */
export function grantiva(options: GrantivaOptions = {}): Grantiva {
  const { key: wanted = 'signed' } = checkNames('grantiva', options, { key: true });
  if (wanted !== 'signed' && wanted !== 'delivery') {
    throw invalid(`grantiva: key must be 'signed' or 'delivery'`);
  }
  return defineProvider({
    name: 'grantiva',
    signature: { header: 'x-grantiva-signature', encoding: 'hex', prefix: 'sha256=' },
    // Theirs are longer by far: this is what somebody typed.
    secret: { encoding: 'utf8', minBytes: 16 },
    envelope: { data: 'data', type: typeField, timestamp: timestampField },
    headers: { deliveryId: 'x-grantiva-delivery', type: typeHeader },
    bare,
    key: keyOf(wanted),
    events,
  });
}

/**
 * `risk_alert` has no envelope, and its type only in a header that is not signed. It is known by its own fields, so
 * that an altered header cannot make it something else; the header counts only for types that nobody knows yet, and for
 * the dashboard's `webhook.test`, which does no harm.
 */
function bare(body: JsonObject, headers: DeliveryHeaders): BareEvent | undefined {
  if (body[typeField] != null) return undefined;
  if ('deviceId' in body && 'riskScore' in body)
    return { type: 'risk_alert', timestamp: body['crossedAt'], data: body };
  const type = headers.get(typeHeader);
  if (type === undefined || (Object.hasOwn(events, type) && type !== 'webhook.test')) return undefined;
  return { type, timestamp: body[timestampField], data: body };
}

/** The key by what is signed, or by the delivery id, which is not. */
function keyOf(wanted: 'signed' | 'delivery'): (facts: KeyFacts) => Awaitable<string | undefined> {
  const idOf = ({ deliveryId }: KeyFacts) => deliveryId;
  const otherwise = wanted === 'signed' ? unsignedKey(idOf) : countedKey(idOf, (_bodyHash, id) => id);
  return (facts) => subscriptionId(facts.event) ?? otherwise(facts);
}

/** `subscription.*` alone carry an id in what is signed. */
function subscriptionId({ type, data }: WebhookEvent): string | undefined {
  const id = isBelow(type, 'subscription.') && isJsonObject(data) ? data['event_id'] : undefined;
  return typeof id === 'string' && id !== '' ? id : undefined;
}
